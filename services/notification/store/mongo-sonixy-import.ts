import { type Document, ObjectId } from 'mongodb';
import { isUserId } from '#shared/contract/ids.ts';
import { notificationTypes } from '#shared/contract/notification-dto.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { waitingOut } from '#shared/store/waiting-out.ts';
import { MongoDatabase } from './mongo-database.ts';
import type { NewNotification, NotificationStore } from './notification-store.ts';
import { read } from './stored-row.ts';

export type SonixyImportOptions = {
  /** Where Sonixy's `notifications` lie; the place that is reached is noted there too, in `notification_meta`. */
  readonly url: string;
  readonly database: string;
  readonly store: NotificationStore;
  readonly log: Logger;
  readonly onProgress: (progress: SonixyImportResult & { readonly lastId: string }) => void;
  /** Rows between two notes of the place. @default 500 */
  readonly batchSize?: number;
};

export type SonixyImportResult = {
  readonly read: number;
  readonly imported: number;
  /** Stored by an earlier run. */
  readonly known: number;
  /** Not as Sonixy writes rows; their ids are logged. */
  readonly skipped: number;
};

const checkpointName = 'sonixy-import';

/**
 * Copies Sonixy's own rows in the order of their ids, under the same ids and times, through the store's `append`. A run
 * that was killed goes on where it was, and a later run takes what has come since; a row is never there twice. Waits out
 * outages. What changed in Sonixy after a row was copied does not follow.
 */
export async function importSonixyNotifications(options: SonixyImportOptions): Promise<SonixyImportResult> {
  const { url, database, store, log, onProgress, batchSize = 500 } = options;
  const source = new MongoDatabase({ url, database, log });
  const total = { read: 0, imported: 0, known: 0, skipped: 0 };
  try {
    let last = await waitingOut(log, () => readCheckpoint(source));
    for (;;) {
      const rows = await waitingOut(log, () => readRows(source, last, batchSize));
      const newest = rows.at(-1)?._id;
      if (!newest) break;
      const outcomes = await waitingOut(log, () => copy(rows, store, log));
      total.read += rows.length;
      for (const outcome of outcomes) total[outcome] += 1;
      last = newest;
      await waitingOut(log, () => writeCheckpoint(source, newest));
      onProgress({ ...total, lastId: newest.toHexString() });
    }
    const unreadable = await waitingOut(log, () => countOtherIds(source));
    return { ...total, skipped: total.skipped + unreadable };
  } finally {
    await source.close();
  }
}

type SonixyRow = Document & { readonly _id: ObjectId };

function readRows(source: MongoDatabase, after: ObjectId | undefined, limit: number): Promise<SonixyRow[]> {
  const ids = after ? { $gt: after } : { $gte: new ObjectId('0'.repeat(24)) };
  return source.attempt(() =>
    source.sonixyNotifications.find<SonixyRow>({ _id: ids }).sort({ _id: 1 }).limit(limit).toArray(),
  );
}

function countOtherIds(source: MongoDatabase): Promise<number> {
  return source.attempt(() => source.sonixyNotifications.countDocuments({ _id: { $not: { $type: 'objectId' } } }));
}

async function copy(
  rows: readonly SonixyRow[],
  store: NotificationStore,
  log: Logger,
): Promise<('imported' | 'known' | 'skipped')[]> {
  return await Promise.all(
    rows.map(async (row) => {
      const notification = parseSonixyRow(row);
      if (!notification) {
        log.warn({ id: row._id.toHexString() }, 'row skipped: not as Sonixy writes them');
        return 'skipped';
      }
      return (await store.append(notification)).created ? 'imported' : 'known';
    }),
  );
}

function parseSonixyRow(row: SonixyRow): NewNotification | undefined {
  const { RecipientId, ActorId, ActorName, ActorAvatar, EntityId, CreatedAt } = row;
  const type = notificationTypes[Number(row['Type'])];
  if (!isUserId(RecipientId) || !isUserId(ActorId) || typeof EntityId !== 'string' || !type) return undefined;
  if (!(CreatedAt instanceof Date) || Number.isNaN(CreatedAt.getTime())) return undefined;
  const id = row._id.toHexString();
  return {
    messageId: `sonixy:${id}`,
    recipientId: RecipientId,
    actorId: ActorId,
    actorName: typeof ActorName === 'string' ? ActorName : 'Unknown',
    actorAvatar: typeof ActorAvatar === 'string' ? ActorAvatar : '',
    entityId: EntityId,
    // Sonixy does not store it; its events about notifications always concern posts.
    entityType: 'Post',
    type,
    imported: { id, createdAt: CreatedAt.getTime(), isRead: Number(row['Status']) === read },
  };
}

async function readCheckpoint(source: MongoDatabase): Promise<ObjectId | undefined> {
  const checkpoint = await source.attempt(() => source.meta.findOne({ _id: checkpointName }));
  return checkpoint ? new ObjectId(checkpoint.Value) : undefined;
}

async function writeCheckpoint(source: MongoDatabase, id: ObjectId): Promise<void> {
  const change = { $set: { Value: id.toHexString() } };
  await source.attempt(() => source.meta.updateOne({ _id: checkpointName }, change, { upsert: true }));
}
