import type { UserId } from './ids.ts';
import type { TargetType } from './user-interaction-event.ts';

/** Ordinals of the .NET enum are the indexes. */
export const notificationTypes = ['Like', 'Comment', 'Reply', 'Follow'] as const;
export type NotificationType = (typeof notificationTypes)[number];

/**
 * One notification as REST and both socket protocols show it: .NET's fields, the two strings that Sonixy's frontend
 * reads (`action`, `entityType`), and the stream's fields. Unknown fields are harmless to every known client.
 */
export type NotificationDto = {
  /** 24 hex digits. */
  readonly id: string;
  readonly recipientId: UserId;
  readonly actorId: UserId;
  /** `Unknown` when the event had none. */
  readonly actorName: string;
  /** Empty when the event had none. */
  readonly actorAvatar: string;
  readonly entityId: string;
  /** Ordinal in `notificationTypes`. */
  readonly type: number;
  /** 0 unread, 1 read. */
  readonly status: 0 | 1;
  readonly isRead: boolean;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly action: NotificationType;
  readonly entityType: TargetType;
  readonly archived: boolean;
  /** Place in the change feed; moves with every change of the row. */
  readonly seq: number;
  /** Place in the stream, 1, 2, 3 …; never moves. */
  readonly number: number;
};

export type NotificationDeleted = { readonly id: string; readonly seq: number; readonly number: number };

/** Every notification whose `number` is at most `readThrough` is read. */
export type NotificationsRead = { readonly seq: number; readonly readThrough: number };

/** One row of the change feed, latest state. */
export type NotificationChange =
  | { readonly kind: 'notification'; readonly notification: NotificationDto }
  | { readonly kind: 'deleted'; readonly notification: NotificationDeleted }
  | { readonly kind: 'read'; readonly mark: NotificationsRead };

/**
 * `GET /api/notifications/feed?after=<cursor>&limit=`. `cursor` says how far this answer reads, `head` how far the
 * stream reached then: read on while they differ. `reload`: the cursor is of another life of the store, or older than
 * what is kept: forget what is loaded and start from an empty list with no cursor.
 */
export type NotificationFeed = {
  readonly changes: readonly NotificationChange[];
  readonly cursor: string;
  readonly head: string;
  readonly reload: boolean;
};

/** `GET /api/notifications` */
export type NotificationPage = {
  readonly items: readonly NotificationDto[];
  /** At most `unreadCap`. */
  readonly unreadCount: number;
  readonly hasMore: boolean;
  /** Rows and count hold every change up to here and none after it. null: the stream did not stand still while they were read. */
  readonly cursor: string | null;
};

/** `GET /api/notifications?grouped=true`: "Bob and 12 others liked your post". A view over the newest rows, nothing stored. */
export type NotificationGroup = {
  readonly action: NotificationType;
  readonly entityId: string;
  readonly entityType: TargetType;
  /** The newest row of the group. */
  readonly latest: NotificationDto;
  /** Distinct actors of the group, newest first, at most 3. */
  readonly actors: readonly { readonly actorId: UserId; readonly actorName: string; readonly actorAvatar: string }[];
  /** Distinct actors beyond the first. */
  readonly others: number;
  readonly count: number;
  readonly unreadCount: number;
};

export type NotificationGroupPage = {
  readonly groups: readonly NotificationGroup[];
  readonly unreadCount: number;
  readonly hasMore: boolean;
};

/** `GET /api/notifications/unread-count`; `capped` when there may be more than `count`. */
export type UnreadCount = { readonly count: number; readonly capped: boolean };

export const unreadCap = 1_000;

/** Answer of `Subscribe`: this worker's place in the stream and whether the client's cursor is still of this life. */
export type SubscribeAnswer = { readonly cursor: string; readonly reload: boolean };
