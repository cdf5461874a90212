import type { UserId } from '#shared/contract/ids.ts';
import type { UnreadCount } from '#shared/contract/notification-dto.ts';
import type { Feed, Head } from '#shared/stream/feed.ts';
import type {
  NotificationContent,
  NotificationRow,
  ReadMarkRow,
  RowChange,
  StreamRow,
  TombstoneRow,
} from '../domain/notification-row.ts';

export type NewNotification = NotificationContent & {
  /** Unique over all streams: the same again is the same notification. */
  readonly messageId: string;
  /** What an import brings along. @default a new id, now, unread */
  readonly imported?: { readonly id: string; readonly createdAt: number; readonly isRead: boolean };
};

/** `created: false`: the message had been stored before; `row` is its latest state. */
export type Appended = { readonly row: NotificationRow | TombstoneRow; readonly created: boolean };

/** `changed: false`: nothing to do, the row kept its seq. */
export type Changed<Row> = { readonly row: Row; readonly changed: boolean };

/**
 * Port: one stream of notifications per user, by the rules of `#shared/stream/feed.ts`.
 *
 * - What a call has answered is on disk and, in a cluster, on its majority; a reader never sees less.
 * - Calls on one stream take effect in the order in which they were made on this instance; several instances may work
 *   on one database or file at once.
 * - Every call throws PlatformError `unavailable` when the store did not answer for a few seconds, and after `close`.
 *   What it meant to write may have been written all the same: every call is safe to repeat.
 * - A user without rows has an empty stream; an id that is not the user's own, or no id at all, is unknown.
 */
export interface NotificationStore {
  /** Adds a row at the head of the recipient's stream, once per `messageId`. Calls that wait together are written together. */
  append(notification: NewNotification): Promise<Appended>;

  /** Changes one row and moves it to the head. Deleting clears all contents; a tombstone is unknown to further changes. */
  change(
    recipient: UserId,
    id: string,
    change: RowChange,
  ): Promise<Changed<NotificationRow | TombstoneRow> | undefined>;

  /** Marks everything up to the highest number as read, by one mark that moves to the head. undefined: an empty stream. */
  readAll(recipient: UserId): Promise<Changed<ReadMarkRow> | undefined>;

  /** Newest first, without tombstones. */
  list(recipient: UserId, page: ListPage): Promise<readonly NotificationRow[]>;

  /** Of what is neither archived nor deleted. Reads at most `unreadCap` + 1 entries, however many there are. */
  countUnread(recipient: UserId): Promise<UnreadCount>;

  /** In the order of the request. */
  heads(recipients: readonly UserId[]): Promise<readonly Head[]>;

  /** Costs the same anywhere in a stream. `limit` is at least 1; `since`: see `Cursor`. */
  changes(recipient: UserId, after: number, limit: number, since?: number): Promise<Feed<StreamRow>>;

  /** Which life of the store its seqs belong to; made at first use. Another process's new epoch is seen within a second. */
  epoch(): Promise<string>;

  /** Ends all cursors: the last step of a restore. */
  newEpoch(): Promise<string>;

  /** Removes tombstones that were deleted before that time (milliseconds since 1970), never the newest row of a stream. */
  purge(options: { readonly deletedBefore: number }): Promise<{ readonly removed: number }>;

  /** Resolves when the store can serve. */
  ping(): Promise<void>;

  /** Finishes what was called before. */
  close(): Promise<void>;
}

export type ListPage = { readonly archived: boolean; readonly offset: number; readonly limit: number };
