import { ObjectId } from 'mongodb';
import { Overtaken } from '#shared/store/mongo-connection.ts';
import { isClash } from '#shared/store/mongo-failure.ts';
import type { MessagesPage } from './chat-store.ts';
import type { MongoDatabase } from './mongo-database.ts';
import { type RowDocument, toMove, toRowDocument, toStoredMessage } from './mongo-documents.ts';
import { type Draft, headOf, newRow, noHead, type StoredHead, type StoredMessage } from './stored-message.ts';

const headElements = { Seq: 1, HeadNumber: 1, Members: 1, MemberCount: 1, Large: 1 } as const;

/** Rows of messages, each call inside an `attempt` of the caller's. Conversation ids are 24 hex digits. */
export class MongoRows {
  readonly #database: MongoDatabase;

  constructor(database: MongoDatabase) {
    this.#database = database;
  }

  /** Writers plan from it, and the unique keys tell them when it was old. */
  async head(conversation: string): Promise<StoredHead> {
    const newest = { ConversationId: new ObjectId(conversation) };
    const row = await this.#database.rows.findOne(newest, { sort: { Seq: -1 }, projection: headElements });
    return row ? headOf(row) : noHead;
  }

  async headRow(conversation: string): Promise<StoredMessage | undefined> {
    return stored(
      await this.#database.rows.findOne({ ConversationId: new ObjectId(conversation) }, { sort: { Seq: -1 } }),
    );
  }

  async find(id: string): Promise<StoredMessage | undefined> {
    return stored(await this.#database.rows.findOne({ _id: new ObjectId(id) }));
  }

  async findByNumber(conversation: string, number: number): Promise<StoredMessage | undefined> {
    const filter = { ConversationId: new ObjectId(conversation), Number: number };
    return stored(await this.#database.rows.findOne(filter));
  }

  /** Those that are there under the key or the id of one of the drafts. */
  async findStored(drafts: readonly Draft[]): Promise<StoredMessage[]> {
    const keys = { SendKey: { $in: drafts.map(({ SendKey }) => SendKey) } };
    return (await this.#database.rows.find(keys).toArray()).map(toStoredMessage);
  }

  async list(conversation: string, { before, limit }: MessagesPage): Promise<StoredMessage[]> {
    const below = before === undefined ? {} : { Number: { $lt: before } };
    const rows = await this.#database.rows
      .find({ ConversationId: new ObjectId(conversation), Deleted: false, ...below })
      .sort({ Number: -1 })
      .limit(limit)
      .batchSize(limit)
      .toArray();
    return rows.map(toStoredMessage);
  }

  async newest(conversation: string): Promise<StoredMessage | undefined> {
    return (await this.list(conversation, { before: undefined, limit: 1 }))[0];
  }

  async changes(conversation: string, after: number, limit: number): Promise<StoredMessage[]> {
    const rows = await this.#database.rows
      .find({ ConversationId: new ObjectId(conversation), Seq: { $gt: after } })
      .sort({ Seq: 1 })
      .limit(limit)
      .batchSize(limit)
      .toArray();
    return rows.map(toStoredMessage);
  }

  /**
   * In order at the head; a clash leaves those before it written.
   *
   * @throws Overtaken when somebody else took the seq or the key
   */
  async insert(rows: readonly StoredMessage[]): Promise<void> {
    try {
      await this.#database.rows.insertMany(rows.map(toRowDocument), { ordered: true });
    } catch (error) {
      throw isClash(error) ? new Overtaken() : error;
    }
  }

  /** Once for the draft's id, whoever else tries: answers the row that is there. */
  async tell(draft: Draft, joined: number | undefined): Promise<StoredMessage> {
    const known = await this.find(draft.Id);
    if (known) return known;
    const row = newRow(draft, await this.head(draft.ConversationId), joined);
    await this.insert([row]);
    return row;
  }

  /** Only from the state that was read. @throws Overtaken */
  async move(from: StoredMessage, to: StoredMessage): Promise<void> {
    const filter = {
      _id: new ObjectId(from.Id),
      ConversationId: new ObjectId(from.ConversationId),
      Seq: from.Seq,
      PendingSince: from.PendingSince,
    };
    const moved = await this.#database.rows.findOneAndUpdate(filter, toMove(to), { projection: { _id: 1 } });
    if (!moved) throw new Overtaken();
  }
}

function stored(row: RowDocument | null): StoredMessage | undefined {
  return row ? toStoredMessage(row) : undefined;
}
