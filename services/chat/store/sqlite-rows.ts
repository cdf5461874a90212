import { type LeaseRequest, takeLease } from '#shared/stream/outbox.ts';
import type { MessagesPage } from './chat-store.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import type { SqliteRow } from './sqlite-statement.ts';
import { markElements, markOf, type StoredMessage } from './stored-message.ts';

const purgeBatch = 200;

/** Rows of messages, inside a read or a write of the caller's. */
export class SqliteRows {
  readonly #database: SqliteDatabase;

  constructor(database: SqliteDatabase) {
    this.#database = database;
  }

  find(id: string): StoredMessage | undefined {
    return rowOrNone(this.#database.get('row', { Id: id }));
  }

  findByKey(sendKey: string): StoredMessage | undefined {
    return rowOrNone(this.#database.get('rowOfKey', { SendKey: sendKey }));
  }

  findByNumber(conversation: string, number: number): StoredMessage | undefined {
    return rowOrNone(this.#database.get('rowOfNumber', { ConversationId: conversation, Number: number }));
  }

  add(row: StoredMessage): void {
    this.#database.run('addRow', row);
  }

  move(row: StoredMessage): void {
    this.#database.run('moveRow', row);
  }

  list(conversation: string, { before = Number.MAX_SAFE_INTEGER, limit }: MessagesPage): StoredMessage[] {
    const page = { ConversationId: conversation, Before: before, Limit: limit };
    return this.#database.all('list', page).map(toStoredMessage);
  }

  changes(conversation: string, after: number, limit: number): StoredMessage[] {
    const page = { ConversationId: conversation, After: after, Limit: limit };
    return this.#database.all('changes', page).map(toStoredMessage);
  }

  floor(conversation: string): number {
    return Number(this.#database.get('floor', { Id: conversation })?.['Floor'] ?? 0);
  }

  lease(request: LeaseRequest, limit: number): StoredMessage[] {
    const pending = { Since: request.pendingSince, Now: request.now, Limit: limit };
    return this.#database.all('pending', pending).flatMap((found) => {
      const row = toStoredMessage(found);
      const mark = takeLease(markOf(row), request);
      if (!mark) return [];
      const leased = { ...row, ...markElements(mark) };
      this.#database.run('lease', { Id: leased.Id, LeaseUntil: leased.LeaseUntil });
      return [leased];
    });
  }

  published(id: string, seq: number): void {
    this.#database.run('published', { Id: id, Seq: seq });
  }

  /** `more`: call again. */
  purge(deletedBefore: number): { readonly removed: number; readonly more: boolean } {
    const tombstones = this.#database.all('oldTombstones', { DeletedBefore: deletedBefore, Limit: purgeBatch });
    for (const { Id, ConversationId, Seq } of tombstones) {
      this.#database.run('raiseFloor', { Id: String(ConversationId), Floor: Number(Seq) });
      this.#database.run('removeRow', { Id: String(Id) });
    }
    return { removed: tombstones.length, more: tombstones.length === purgeBatch };
  }
}

function toStoredMessage(row: SqliteRow): StoredMessage {
  return {
    ...(row as unknown as StoredMessage),
    Deleted: row['Deleted'] === 1,
    Large: row['Large'] === 1,
    Unsent: row['Unsent'] === 1,
  };
}

function rowOrNone(row: SqliteRow | undefined): StoredMessage | undefined {
  return row && toStoredMessage(row);
}
