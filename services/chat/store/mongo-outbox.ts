import { ObjectId } from 'mongodb';
import type { Clock } from '#shared/runtime/clock.ts';
import { type LeaseRequest, takeLease } from '#shared/stream/outbox.ts';
import type { PendingRow } from './chat-store.ts';
import type { MongoDatabase } from './mongo-database.ts';
import { type RowDocument, toStoredMessage } from './mongo-documents.ts';
import type { MongoHeads } from './mongo-heads.ts';
import { markElements, markOf, toChatRow } from './stored-message.ts';

export type PublishedRow = { readonly id: string; readonly seq: number };

/** The mark inside a row that says it is not known to be on the bus; leases go by the clocks of the processes. */
export class MongoOutbox {
  readonly #database: MongoDatabase;
  readonly #heads: MongoHeads;
  readonly #clock: Clock;

  constructor(database: MongoDatabase, heads: MongoHeads, clock: Clock) {
    this.#database = database;
    this.#heads = heads;
    this.#clock = clock;
  }

  async lease(options: { pendingSince: number; leaseMs: number; limit: number }): Promise<PendingRow[]> {
    const { pendingSince, leaseMs, limit } = options;
    const request = { now: this.#clock.now(), pendingSince, leaseMs };
    const candidates = await this.#database.attempt(() =>
      this.#database.rows
        .find({ PendingSince: { $gt: 0, $lt: pendingSince }, LeaseUntil: { $lte: request.now } })
        .sort({ PendingSince: 1, Seq: 1 })
        .limit(limit)
        .toArray(),
    );
    const leased: PendingRow[] = [];
    for (const candidate of candidates) {
      const row = await this.#database.attempt(() => this.#take(candidate, request));
      if (row) leased.push({ ...toChatRow(toStoredMessage(row)), unsent: row.Unsent });
    }
    await this.#mend(leased);
    return leased;
  }

  /** Before anything is told of them: what is told shows the conversation as the row left it. */
  async #mend(rows: readonly PendingRow[]): Promise<void> {
    for (const [conversation, ofOne] of Map.groupBy(rows, ({ conversationId }) => conversationId)) {
      await this.#database.attempt(() => this.#heads.mend(conversation, Math.max(...ofOne.map(({ seq }) => seq))));
    }
  }

  /** Only with the mark that was read: of many who try one gets it. */
  async #take(candidate: RowDocument, request: LeaseRequest): Promise<RowDocument | undefined> {
    const { _id, Seq, PendingSince, LeaseUntil } = candidate;
    const mark = takeLease(markOf(candidate), request);
    if (!mark) return undefined;
    const row = await this.#database.rows.findOneAndUpdate(
      { _id, Seq, PendingSince, LeaseUntil },
      { $set: markElements(mark) },
      { returnDocument: 'after' },
    );
    return row ?? undefined;
  }

  /** Rows of one conversation. Its head is mended first: while the mark is there, somebody will. */
  async published(conversation: string, rows: readonly PublishedRow[]): Promise<undefined[]> {
    await this.#database.attempt(async () => {
      await this.#heads.mend(conversation, Math.max(...rows.map(({ seq }) => seq)));
      const unmark = { $set: markElements(undefined) };
      await this.#database.rows.bulkWrite(
        rows.map(({ id, seq }) => ({ updateOne: { filter: { _id: new ObjectId(id), Seq: seq }, update: unmark } })),
        { ordered: false },
      );
    });
    return rows.map(() => undefined);
  }
}
