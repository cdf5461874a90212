import type { UserId } from '#shared/contract/ids.ts';
import type { NotificationType } from '#shared/contract/notification-dto.ts';
import type { TargetType } from '#shared/contract/user-interaction-event.ts';

/** What a notification tells. */
export type NotificationContent = {
  readonly recipientId: UserId;
  readonly actorId: UserId;
  readonly actorName: string;
  readonly actorAvatar: string;
  readonly entityId: string;
  readonly entityType: TargetType;
  readonly type: NotificationType;
};

export type NotificationRow = NotificationContent & {
  readonly kind: 'notification';
  /** 24 hex digits, lower case. */
  readonly id: string;
  /** By its own mark, or by the stream's mark of read. */
  readonly isRead: boolean;
  readonly archived: boolean;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly seq: number;
  readonly number: number;
};

/** What stays of a deleted notification. */
export type TombstoneRow = {
  readonly kind: 'deleted';
  readonly id: string;
  readonly seq: number;
  readonly number: number;
};

/** The one mark of read of a stream: everything up to number `readThrough` is read. */
export type ReadMarkRow = {
  readonly kind: 'read';
  readonly seq: number;
  readonly number: 0;
  readonly readThrough: number;
};

/** A row of a user's stream. */
export type StreamRow = NotificationRow | TombstoneRow | ReadMarkRow;

export const rowChanges = ['read', 'archive', 'unarchive', 'delete'] as const;
export type RowChange = (typeof rowChanges)[number];

/** Whether `change` would leave the row as it is. */
export function isAlready(row: NotificationRow, change: RowChange): boolean {
  switch (change) {
    case 'read':
      return row.isRead;
    case 'archive':
      return row.archived;
    case 'unarchive':
      return !row.archived;
    case 'delete':
      return false;
  }
}
