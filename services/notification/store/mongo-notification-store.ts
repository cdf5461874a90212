import { ObjectId } from 'mongodb';
import type { UserId } from '#shared/contract/ids.ts';
import { unreadCap } from '#shared/contract/notification-dto.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { mapBounded } from '#shared/store/map-bounded.ts';
import { Overtaken } from '#shared/store/mongo-connection.ts';
import { newEpoch } from '#shared/store/new-epoch.ts';
import { parseObjectId } from '#shared/store/object-id.ts';
import { StreamWrites } from '#shared/store/stream-writes.ts';
import { EpochCache } from '#shared/stream/epoch-cache.ts';
import { answerFeed, headOfRows } from '#shared/stream/feed.ts';
import { isAlready, type RowChange } from '../domain/notification-row.ts';
import { MongoAppends } from './mongo-appends.ts';
import { MongoDatabase } from './mongo-database.ts';
import { purgeTombstones } from './mongo-purge.ts';
import { toDocument, toMove, toStoredRow } from './mongo-rows.ts';
import type { Appended, ListPage, NewNotification, NotificationStore } from './notification-store.ts';
import {
  changedRow,
  type Draft,
  draftOf,
  movedMark,
  newMark,
  placeOf,
  type StoredRow,
  toEntryRow,
  toMarkRow,
  toNotificationRow,
  toStreamRow,
  unread,
} from './stored-row.ts';

export type MongoNotificationStoreOptions = {
  /** `mongodb://` or `mongodb+srv://`, with user and password where needed. */
  readonly url: string;
  readonly database: string;
  /** How long a call is tried again during an outage. @default 5,000 */
  readonly patienceMs?: number;
  readonly clock: Clock;
  readonly log: Logger;
};

const maxBatch = 200;
const maxStreams = 16;
/** Streams of one question that are looked up at the same time. */
const maxLookups = 24;

/**
 * NotificationStore on MongoDB, w:majority with journal. Returns at once and connects in the background; makes its indexes
 * before it writes.
 *
 * @throws StartError when the URL cannot be read
 */
export function connectMongoNotificationStore(options: MongoNotificationStoreOptions): NotificationStore {
  return new MongoNotificationStore(new MongoDatabase(options), options.clock);
}

class MongoNotificationStore implements NotificationStore {
  readonly #database: MongoDatabase;
  readonly #clock: Clock;
  readonly #writes: StreamWrites<Draft, Appended>;
  readonly #epoch: EpochCache;

  constructor(database: MongoDatabase, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.#epoch = new EpochCache(() => this.#readEpoch(), clock);
    const appends = new MongoAppends(database);
    this.#writes = new StreamWrites({
      writeBatch: (stream, drafts) => appends.write(stream, drafts),
      maxBatch,
      maxStreams,
    });
  }

  append(notification: NewNotification): Promise<Appended> {
    return this.#writes.add(notification.recipientId, draftOf(notification, this.#clock.now()));
  }

  change(recipient: UserId, id: string, change: RowChange) {
    const rowId = parseObjectId(id);
    return this.#writes.run(recipient, async () => {
      if (rowId === undefined) return undefined;
      return await this.#database.attempt(async ({ uncertain }) => {
        const [stored, readThrough, head] = await Promise.all([
          this.#findRow(recipient, rowId),
          this.#database.readThrough(recipient),
          this.#database.head(recipient),
        ]);
        if (!stored || stored.Number === 0) return undefined;
        // After a lost answer the change may have been made by this very call.
        if (stored.Deleted) {
          return uncertain && change === 'delete' ? { row: toEntryRow(stored, 0), changed: true } : undefined;
        }
        const row = toNotificationRow(stored, readThrough);
        if (isAlready(row, change)) return { row, changed: uncertain };
        const changed = changedRow(stored, change, head, this.#clock.now());
        await this.#move(stored, changed);
        return { row: toEntryRow(changed, readThrough), changed: true };
      });
    });
  }

  readAll(recipient: UserId) {
    return this.#writes.run(recipient, () =>
      this.#database.attempt(async ({ uncertain }) => {
        const [head, mark] = await Promise.all([this.#database.head(recipient), this.#findMark(recipient)]);
        if (head.number === 0) return undefined;
        if (mark && mark.ReadThrough >= head.number) return { row: toMarkRow(mark), changed: uncertain };
        const now = this.#clock.now();
        const moved = mark ? movedMark(mark, head, now) : newMark(recipient, head, now);
        if (mark) await this.#move(mark, moved);
        else await this.#database.rows.insertOne(toDocument(moved));
        return { row: toMarkRow(moved), changed: true };
      }),
    );
  }

  list(recipient: UserId, { archived, offset, limit }: ListPage) {
    return this.#database.attempt(async () => {
      const rows = await this.#database.rows
        .find({ RecipientId: recipient, Deleted: false, Archived: archived, Number: { $gt: 0 } })
        .sort({ Number: -1 })
        .skip(offset)
        .limit(limit)
        .batchSize(limit)
        .toArray();
      const readThrough = await this.#database.readThrough(recipient);
      return rows.map((row) => toNotificationRow(toStoredRow(row), readThrough));
    });
  }

  countUnread(recipient: UserId) {
    return this.#database.attempt(async () => {
      const readThrough = await this.#database.readThrough(recipient);
      const filter = {
        RecipientId: recipient,
        Deleted: false,
        Archived: false,
        Status: unread,
        Number: { $gt: readThrough },
      };
      const count = await this.#database.rows.countDocuments(filter, { limit: unreadCap + 1 });
      return { count: Math.min(count, unreadCap), capped: count > unreadCap };
    });
  }

  async heads(recipients: readonly UserId[]) {
    return await mapBounded(recipients, maxLookups, (recipient) =>
      this.#database.attempt(() => this.#database.head(recipient)),
    );
  }

  changes(recipient: UserId, after: number, limit: number, since = 0) {
    return this.#database.attempt(async () => {
      const found = await this.#database.rows
        .find({ RecipientId: recipient, Seq: { $gt: after } })
        .sort({ Seq: 1 })
        .limit(limit + 1)
        .batchSize(limit + 1)
        .toArray();
      const stored = found.map(toStoredRow);
      const knownHead = headOfRows(stored.map(placeOf), limit);
      const [head, stream, readThrough] = await Promise.all([
        knownHead ?? this.#database.head(recipient),
        this.#database.streams.findOne({ _id: recipient }),
        this.#database.readThrough(recipient),
      ]);
      const rows = stored.map((row) => toStreamRow(row, readThrough));
      return answerFeed({ after, since, limit, rows, head, floor: stream?.Floor ?? 0 });
    });
  }

  epoch(): Promise<string> {
    return this.#epoch.get();
  }

  async newEpoch(): Promise<string> {
    const value = newEpoch();
    await this.#database.attempt(() =>
      this.#database.meta.updateOne({ _id: 'epoch' }, { $set: { Value: value } }, { upsert: true }),
    );
    this.#epoch.forget();
    return value;
  }

  purge({ deletedBefore }: { deletedBefore: number }): Promise<{ removed: number }> {
    return purgeTombstones(this.#database, new Date(deletedBefore));
  }

  ping(): Promise<void> {
    return this.#database.ping();
  }

  async close(): Promise<void> {
    await this.#writes.close();
    await this.#database.close();
  }

  async #findRow(recipient: UserId, id: string): Promise<StoredRow | undefined> {
    const row = await this.#database.rows.findOne({ _id: new ObjectId(id), RecipientId: recipient });
    return row ? toStoredRow(row) : undefined;
  }

  async #findMark(recipient: UserId): Promise<StoredRow | undefined> {
    const row = await this.#database.rows.findOne({ RecipientId: recipient, Number: 0 });
    return row ? toStoredRow(row) : undefined;
  }

  /** Only from the state that was read. */
  async #move(from: StoredRow, to: StoredRow): Promise<void> {
    const moved = await this.#database.rows.findOneAndUpdate(
      { _id: new ObjectId(from.Id), RecipientId: from.RecipientId, Seq: from.Seq },
      toMove(to),
      { projection: { _id: 1 } },
    );
    if (!moved) throw new Overtaken();
  }

  #readEpoch(): Promise<string> {
    return this.#database.attempt(async () => {
      const known = await this.#database.meta.findOne({ _id: 'epoch' });
      if (known) return known.Value;
      const made = newEpoch();
      await this.#database.meta.insertOne({ _id: 'epoch', Value: made });
      return made;
    });
  }
}
