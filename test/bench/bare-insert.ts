import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { sqliteSchema } from '#services/notification/store/sqlite-schema.ts';
import { openSqlite } from '#shared/store/sqlite-open.ts';

/**
 * The ceiling for the store: COUNT prepared inserts into the store's own schema with its indexes and settings, 200 in a
 * transaction, nothing read, nothing decided. Prints the seconds that they took.
 */
const { DATA_DIR = '', COUNT = '0', USERS = '1' } = process.env;
const database = openSqlite(join(DATA_DIR, 'bare.sqlite'), sqliteSchema);
const insert = database.prepare(`
  INSERT INTO notification_rows (Id, RecipientId, MessageId, ActorId, ActorName, ActorAvatar, EntityId, EntityType, Type,
    Status, Archived, Deleted, ReadThrough, CreatedAt, UpdatedAt, Seq, Number, HeadNumber)
  VALUES (?, ?, ?, 'bob', 'bob', 'https://example.invalid/a.png', ?, 0, 0, 0, 0, 0, 0, ?, ?, ?, ?, ?)`);
const batch = 200;
const seqs = new Map<string, number>();
const startedAt = performance.now();
for (let done = 0; done < Number(COUNT); done += batch) {
  database.exec('BEGIN IMMEDIATE');
  for (let index = done; index < done + batch; index += 1) {
    const user = `user-${index % Number(USERS)}`;
    const seq = (seqs.get(user) ?? 0) + 1;
    seqs.set(user, seq);
    const now = Date.now();
    insert.run(randomBytes(12).toString('hex'), user, randomUUID(), `post-${index}`, now, now, seq, seq, seq);
  }
  database.exec('COMMIT');
}
process.stdout.write(`done ${(performance.now() - startedAt) / 1000}\n`);
database.close();
