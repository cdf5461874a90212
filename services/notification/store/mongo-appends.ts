import { ObjectId } from 'mongodb';
import { PlatformError } from '#shared/contract/errors.ts';
import { Overtaken } from '#shared/store/mongo-connection.ts';
import { isClash } from '#shared/store/mongo-failure.ts';
import { headAt } from '#shared/stream/feed.ts';
import type { MongoDatabase } from './mongo-database.ts';
import { toDocument, toStoredRow } from './mongo-rows.ts';
import type { Appended } from './notification-store.ts';
import { type Draft, newRow, placeOf, type StoredRow, toEntryRow } from './stored-row.ts';

/** Appends to one stream: plan from the head, insert in order under the unique keys, look again after a clash. */
export class MongoAppends {
  readonly #database: MongoDatabase;

  constructor(database: MongoDatabase) {
    this.#database = database;
  }

  async write(recipient: string, drafts: readonly Draft[]): Promise<Appended[]> {
    const stored = new Map<string, Appended>();
    const pending = new Map<string, Draft>();
    for (const draft of drafts) if (!pending.has(draft.MessageId)) pending.set(draft.MessageId, draft);
    let tried = false;
    await this.#database.attempt(async () => {
      if (tried) await this.#takeStored(pending, stored);
      if (pending.size === 0) return;
      tried = true;
      for (const row of await this.#insert(recipient, [...pending.values()])) {
        stored.set(row.MessageId, { row: toEntryRow(row, 0), created: true });
      }
    });
    return drafts.map((draft, index) => answerFor(draft, stored, drafts.findIndex(sameMessage(draft)) === index));
  }

  async #insert(recipient: string, drafts: readonly Draft[]): Promise<StoredRow[]> {
    let head = await this.#database.head(recipient);
    const rows = drafts.map((draft) => {
      const row = newRow(draft, head);
      head = headAt(placeOf(row));
      return row;
    });
    try {
      await this.#database.rows.insertMany(rows.map(toDocument), { ordered: true });
    } catch (error) {
      throw isClash(error) ? new Overtaken() : error;
    }
    return rows;
  }

  /** Moves from `pending` to `stored` what the collection holds by now, through this call or another. */
  async #takeStored(pending: Map<string, Draft>, stored: Map<string, Appended>): Promise<void> {
    const drafts = [...pending.values()];
    const found = await this.#database.rows
      .find({
        $or: [
          { MessageId: { $in: drafts.map(({ MessageId }) => MessageId) } },
          { _id: { $in: drafts.map(({ Id }) => new ObjectId(Id)) } },
        ],
      })
      .toArray();
    for (const row of found.map(toStoredRow)) {
      const draft = pending.get(row.MessageId);
      if (!draft) throw new PlatformError('internal', 'the notification store holds another row under this id');
      const readThrough = await this.#database.readThrough(row.RecipientId);
      stored.set(row.MessageId, { row: toEntryRow(row, readThrough), created: row.Id === draft.Id });
      pending.delete(row.MessageId);
    }
  }
}

function sameMessage({ MessageId }: Draft): (other: Draft) => boolean {
  return (other) => other.MessageId === MessageId;
}

function answerFor({ MessageId }: Draft, stored: ReadonlyMap<string, Appended>, isFirst: boolean): Appended {
  const appended = stored.get(MessageId);
  if (!appended) throw new PlatformError('internal', 'an append was neither written nor found');
  return isFirst ? appended : { ...appended, created: false };
}
