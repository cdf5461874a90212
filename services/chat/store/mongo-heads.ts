import { ObjectId } from 'mongodb';
import { PlatformError } from '#shared/contract/errors.ts';
import type { MongoDatabase } from './mongo-database.ts';
import { toStoredConversation } from './mongo-documents.ts';
import type { MongoRows } from './mongo-rows.ts';
import { headElements, lastElements, type StoredConversation } from './stored-conversation.ts';
import type { StoredMessage } from './stored-message.ts';

/**
 * The head that a conversation's document repeats for lists: written after the row, never back to an older row. A writer
 * that dies in between leaves its row pending, and whoever publishes that mends the head first.
 */
export class MongoHeads {
  readonly #database: MongoDatabase;
  readonly #rows: MongoRows;

  constructor(database: MongoDatabase, rows: MongoRows) {
    this.#database = database;
    this.#rows = rows;
  }

  /** After `row` took the head; answers the conversation with this head or a later one. */
  async advance(row: StoredMessage, change: 'new' | 'changed'): Promise<StoredConversation> {
    const id = new ObjectId(row.ConversationId);
    // What is newest is read after the row was written, so it is no older than this head.
    const last = change === 'new' ? row : await this.#rows.newest(row.ConversationId);
    const moved = await this.#database.conversations.findOneAndUpdate(
      { _id: id, HeadSeq: { $lt: row.Seq } },
      { $set: { ...headElements(row), ...(await this.#lastOf(id, last)) }, $currentDate: { ChangedAt: true } },
      { returnDocument: 'after' },
    );
    const document = moved ?? (await this.#database.conversations.findOne({ _id: id }));
    if (!document) throw new PlatformError('internal', 'the chat store holds a row without a conversation');
    return toStoredConversation(document);
  }

  async #lastOf(id: ObjectId, last: StoredMessage | undefined) {
    const begun = last ? undefined : await this.#database.conversations.findOne({ _id: id });
    const { LastMessageAt, ...elements } = lastElements(last, begun?.CreatedAt.getTime() ?? 0);
    return { ...elements, LastMessageAt: new Date(LastMessageAt) };
  }

  /** Brings the head up to the newest row, where it is behind `seq`. */
  async mend(conversation: string, seq: number): Promise<void> {
    const behind = { _id: new ObjectId(conversation), HeadSeq: { $lt: seq } };
    if (!(await this.#database.conversations.findOne(behind, { projection: { _id: 1 } }))) return;
    const row = await this.#rows.headRow(conversation);
    if (row) await this.advance(row, 'changed');
  }
}
