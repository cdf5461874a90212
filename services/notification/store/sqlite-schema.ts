import type { DatabaseSync } from 'node:sqlite';

/** Step n brings a file from version n to n + 1. Steps are never edited once released, only added. */
const steps = [
  `
  CREATE TABLE notification_rows (
    Id TEXT NOT NULL UNIQUE,
    RecipientId TEXT NOT NULL,
    MessageId TEXT NOT NULL UNIQUE,
    ActorId TEXT NOT NULL,
    ActorName TEXT NOT NULL,
    ActorAvatar TEXT NOT NULL,
    EntityId TEXT NOT NULL,
    EntityType INTEGER NOT NULL,
    Type INTEGER NOT NULL,
    Status INTEGER NOT NULL,
    Archived INTEGER NOT NULL,
    Deleted INTEGER NOT NULL,
    ReadThrough INTEGER NOT NULL,
    CreatedAt INTEGER NOT NULL,
    UpdatedAt INTEGER NOT NULL,
    Seq INTEGER NOT NULL,
    Number INTEGER NOT NULL,
    HeadNumber INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX notification_rows_seq ON notification_rows (RecipientId, Seq);
  CREATE UNIQUE INDEX notification_rows_number ON notification_rows (RecipientId, Number);
  CREATE INDEX notification_rows_list ON notification_rows (RecipientId, Deleted, Archived, Number);
  CREATE INDEX notification_rows_unread ON notification_rows (RecipientId, Number)
    WHERE Status = 0 AND Archived = 0 AND Deleted = 0;
  CREATE INDEX notification_rows_tombstones ON notification_rows (UpdatedAt) WHERE Deleted = 1;
  CREATE TABLE notification_streams (RecipientId TEXT NOT NULL PRIMARY KEY, Floor INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE notification_meta (Name TEXT NOT NULL PRIMARY KEY, Value TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
];

/**
 * Brings the file to this version; several processes may try at once.
 *
 * @throws Error when a newer version of this program has written the file
 */
export function migrate(database: DatabaseSync): void {
  database.exec('BEGIN IMMEDIATE');
  try {
    database.exec('CREATE TABLE IF NOT EXISTS schema_version (Version INTEGER NOT NULL) STRICT');
    const row = database.prepare('SELECT Version FROM schema_version').get();
    const version = Number(row?.['Version'] ?? 0);
    if (version > steps.length) {
      throw new Error(
        `the file has schema ${version}, this program knows ${steps.length}: start a newer version of it`,
      );
    }
    for (const step of steps.slice(version)) database.exec(step);
    if (!row) database.prepare('INSERT INTO schema_version (Version) VALUES (?)').run(steps.length);
    else database.prepare('UPDATE schema_version SET Version = ?').run(steps.length);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
}
