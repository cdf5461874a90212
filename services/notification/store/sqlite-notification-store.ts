import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import { PlatformError } from '#shared/contract/errors.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { unreadCap } from '#shared/contract/notification-dto.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { newEpoch } from '#shared/store/new-epoch.ts';
import { parseObjectId } from '#shared/store/object-id.ts';
import { toPlatformError } from '#shared/store/sqlite-failure.ts';
import { openSqlite } from '#shared/store/sqlite-open.ts';
import { SqliteWrites, type Transaction } from '#shared/store/sqlite-writes.ts';
import { EpochCache } from '#shared/stream/epoch-cache.ts';
import { answerFeed, emptyHead, type Head, headAt, headOfRows } from '#shared/stream/feed.ts';
import { isAlready, type ReadMarkRow, type RowChange } from '../domain/notification-row.ts';
import type { Appended, Changed, NewNotification, NotificationStore } from './notification-store.ts';
import { sqliteSchema } from './sqlite-schema.ts';
import { sqliteStatements } from './sqlite-statements.ts';
import {
  changedRow,
  draftOf,
  movedMark,
  newMark,
  newRow,
  placeOf,
  type StoredRow,
  toEntryRow,
  toMarkRow,
  toNotificationRow,
  toStreamRow,
} from './stored-row.ts';

export type SqliteNotificationStoreOptions = {
  /** Made when it is missing; its folder is not. Several processes may open one. `:memory:` ends with the store. */
  readonly file: string;
  readonly clock: Clock;
  readonly log: Logger;
};

const patienceMs = 5_000;
const maxBatch = 500;
const purgeBatch = 200;

/**
 * NotificationStore in one SQLite file: see `openSqlite`.
 *
 * @throws Error when the file cannot be opened, is no database, or is of a newer version
 */
export function openSqliteNotificationStore({ file, clock, log }: SqliteNotificationStoreOptions): NotificationStore {
  const store = new SqliteNotificationStore(openSqlite(file, sqliteSchema), clock);
  log.info({ file }, 'notification store opened');
  return store;
}

type Statements = Record<keyof typeof sqliteStatements, StatementSync>;

class SqliteNotificationStore implements NotificationStore {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #statements: Statements;
  readonly #writes: SqliteWrites;
  readonly #epoch: EpochCache;

  constructor(database: DatabaseSync, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.#epoch = new EpochCache(() => this.#readEpoch(), clock);
    this.#statements = Object.fromEntries(
      Object.entries(sqliteStatements).map(([name, sql]) => [name, database.prepare(sql)]),
    ) as Statements;
    this.#writes = new SqliteWrites(database, { patienceMs, maxBatch });
  }

  append(notification: NewNotification): Promise<Appended> {
    return this.#writes.run((transaction) => {
      const row = newRow(draftOf(notification, this.#clock.now()), this.#headIn(transaction, notification.recipientId));
      if (this.#insert(row, transaction)) return { row: toEntryRow(row, 0), created: true };
      const stored = storedOrNone(this.#statements.rowOfMessage.get(notification.messageId));
      if (!stored) throw new PlatformError('internal', 'the notification store holds another row under this id');
      return { row: toEntryRow(stored, this.#readThrough(stored.RecipientId)), created: false };
    });
  }

  change(recipient: UserId, id: string, change: RowChange) {
    const rowId = parseObjectId(id);
    if (rowId === undefined) return Promise.resolve(undefined);
    return this.#writes.run((transaction) => {
      const stored = storedOrNone(this.#statements.rowOfId.get(rowId, recipient));
      if (!stored || stored.Deleted || stored.Number === 0) return undefined;
      const readThrough = this.#readThrough(recipient);
      const row = toNotificationRow(stored, readThrough);
      if (isAlready(row, change)) return { row, changed: false };
      const changed = changedRow(stored, change, this.#headIn(transaction, recipient), this.#clock.now());
      this.#update(changed, transaction);
      return { row: toEntryRow(changed, readThrough), changed: true };
    });
  }

  readAll(recipient: UserId) {
    return this.#writes.run((transaction) => {
      const head = this.#headIn(transaction, recipient);
      if (head.number === 0) return undefined;
      const mark = storedOrNone(this.#statements.mark.get(recipient));
      if (mark && mark.ReadThrough >= head.number) return toChangedMark(mark, false);
      const now = this.#clock.now();
      const moved = mark ? movedMark(mark, head, now) : newMark(recipient, head, now);
      if (mark) this.#update(moved, transaction);
      else this.#insert(moved, transaction);
      return toChangedMark(moved, true);
    });
  }

  list(recipient: UserId, { archived, offset, limit }: { archived: boolean; offset: number; limit: number }) {
    return this.#read(() => {
      const rows = this.#statements.list.all(recipient, archived ? 1 : 0, limit, offset).map(toStoredRow);
      const readThrough = this.#readThrough(recipient);
      return rows.map((row) => toNotificationRow(row, readThrough));
    });
  }

  countUnread(recipient: UserId) {
    return this.#read(() => {
      const row = this.#statements.countUnread.get(recipient, this.#readThrough(recipient), unreadCap + 1);
      const count = Number(row?.['Count']);
      return { count: Math.min(count, unreadCap), capped: count > unreadCap };
    });
  }

  heads(recipients: readonly UserId[]) {
    return this.#read(() => recipients.map((recipient) => this.#head(recipient)));
  }

  changes(recipient: UserId, after: number, limit: number, since = 0) {
    return this.#read(() => {
      const stored = this.#statements.changes.all(recipient, after, limit + 1).map(toStoredRow);
      const head = headOfRows(stored.map(placeOf), limit) ?? this.#head(recipient);
      const floor = Number(this.#statements.floor.get(recipient)?.['Floor'] ?? 0);
      const readThrough = this.#readThrough(recipient);
      const rows = stored.map((row) => toStreamRow(row, readThrough));
      return answerFeed({ after, since, limit, rows, head, floor });
    });
  }

  epoch(): Promise<string> {
    return this.#epoch.get();
  }

  async #readEpoch(): Promise<string> {
    const known = await this.#read(() => this.#statements.meta.get('epoch')?.['Value']);
    if (known !== undefined) return String(known);
    return await this.#writes.run(() => {
      const made = this.#statements.meta.get('epoch')?.['Value'];
      return made === undefined ? this.#setEpoch() : String(made);
    });
  }

  async newEpoch(): Promise<string> {
    const made = await this.#writes.run(() => this.#setEpoch());
    this.#epoch.forget();
    return made;
  }

  async purge({ deletedBefore }: { deletedBefore: number }): Promise<{ removed: number }> {
    let removed = 0;
    for (;;) {
      const count = await this.#writes.run(() => this.#purgeBatch(deletedBefore));
      removed += count;
      if (count < purgeBatch) return { removed };
    }
  }

  async ping(): Promise<void> {
    await this.#read(() => this.#statements.meta.get('epoch'));
  }

  async close(): Promise<void> {
    await this.#writes.close();
    if (this.#database.isOpen) this.#database.close();
  }

  async #read<T>(query: () => T): Promise<T> {
    if (!this.#database.isOpen) throw new PlatformError('unavailable', 'the notification store is closed');
    try {
      return query();
    } catch (error) {
      throw toPlatformError(error);
    }
  }

  #head(recipient: string): Head {
    const row = this.#statements.head.get(recipient);
    return row ? { seq: Number(row['Seq']), number: Number(row['HeadNumber']) } : emptyHead;
  }

  #headIn({ heads }: Transaction, recipient: string): Head {
    return heads.get(recipient) ?? this.#head(recipient);
  }

  #readThrough(recipient: string): number {
    return Number(this.#statements.readThrough.get(recipient)?.['ReadThrough'] ?? 0);
  }

  /** false: its message is stored already. */
  #insert(row: StoredRow, transaction: Transaction): boolean {
    const { changes } = this.#statements.insert.run(
      row.Id,
      row.RecipientId,
      row.MessageId,
      row.ActorId,
      row.ActorName,
      row.ActorAvatar,
      row.EntityId,
      row.EntityType,
      row.Type,
      row.Status,
      row.Archived ? 1 : 0,
      row.Deleted ? 1 : 0,
      row.ReadThrough,
      row.CreatedAt,
      row.UpdatedAt,
      row.Seq,
      row.Number,
      row.HeadNumber,
    );
    if (changes === 0) return false;
    transaction.heads.set(row.RecipientId, headAt(placeOf(row)));
    return true;
  }

  #update(row: StoredRow, transaction: Transaction): void {
    this.#statements.update.run(
      row.ActorId,
      row.ActorName,
      row.ActorAvatar,
      row.EntityId,
      row.EntityType,
      row.Type,
      row.Status,
      row.Archived ? 1 : 0,
      row.Deleted ? 1 : 0,
      row.ReadThrough,
      row.UpdatedAt,
      row.Seq,
      row.HeadNumber,
      row.Id,
    );
    transaction.heads.set(row.RecipientId, headAt(placeOf(row)));
  }

  #setEpoch(): string {
    const epoch = newEpoch();
    this.#statements.setMeta.run('epoch', epoch);
    return epoch;
  }

  #purgeBatch(deletedBefore: number): number {
    const tombstones = this.#statements.oldTombstones.all(deletedBefore, purgeBatch);
    for (const { Id, RecipientId, Seq } of tombstones) {
      this.#statements.raiseFloor.run(String(RecipientId), Number(Seq));
      this.#statements.remove.run(String(Id));
    }
    return tombstones.length;
  }
}

function toChangedMark(mark: StoredRow, changed: boolean): Changed<ReadMarkRow> {
  return { row: toMarkRow(mark), changed };
}

type SqliteRow = Record<string, SQLOutputValue>;

function toStoredRow(row: SqliteRow): StoredRow {
  return { ...(row as unknown as StoredRow), Archived: row['Archived'] === 1, Deleted: row['Deleted'] === 1 };
}

function storedOrNone(row: SqliteRow | undefined): StoredRow | undefined {
  return row && toStoredRow(row);
}
