import type { Db, IndexDescription } from 'mongodb';
import { collections } from '#shared/contract/names.ts';

/** Names are unique in the database: some servers drop an index by its name in every collection. */
export const rowIndexes: readonly IndexDescription[] = [
  { name: 'notification_rows_message', key: { MessageId: 1 }, unique: true },
  { name: 'notification_rows_number', key: { RecipientId: 1, Number: 1 }, unique: true },
  { name: 'notification_rows_seq', key: { RecipientId: 1, Seq: 1 }, unique: true },
  { name: 'notification_rows_trail', key: { RecipientId: 1, Trail: 1 }, unique: true },
  { name: 'notification_rows_list', key: { RecipientId: 1, Deleted: 1, Archived: 1, Number: 1 } },
  { name: 'notification_rows_unread', key: { RecipientId: 1, Deleted: 1, Archived: 1, Status: 1, Number: 1 } },
  { name: 'notification_rows_tombstones', key: { Deleted: 1, UpdatedAt: 1 } },
];

/** Idempotent, by any number of processes at once. */
export async function ensureIndexes(database: Db): Promise<void> {
  await database.collection(collections.notificationRows).createIndexes([...rowIndexes]);
}
