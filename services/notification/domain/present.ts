import {
  type NotificationChange,
  type NotificationDeleted,
  type NotificationDto,
  type NotificationsRead,
  notificationTypes,
} from '#shared/contract/notification-dto.ts';
import type { NotificationRow, ReadMarkRow, StreamRow, TombstoneRow } from './notification-row.ts';

export function toNotificationDto(row: NotificationRow): NotificationDto {
  return {
    id: row.id,
    recipientId: row.recipientId,
    actorId: row.actorId,
    actorName: row.actorName,
    actorAvatar: row.actorAvatar,
    entityId: row.entityId,
    type: notificationTypes.indexOf(row.type),
    status: row.isRead ? 1 : 0,
    isRead: row.isRead,
    createdAt: new Date(row.createdAt).toISOString(),
    action: row.type,
    entityType: row.entityType,
    archived: row.archived,
    seq: row.seq,
    number: row.number,
  };
}

/** The one argument of the client's method for this row. */
export function toPushBody(row: StreamRow): NotificationDto | NotificationDeleted | NotificationsRead {
  switch (row.kind) {
    case 'notification':
      return toNotificationDto(row);
    case 'deleted':
      return toDeleted(row);
    case 'read':
      return toMark(row);
  }
}

export function toNotificationChange(row: StreamRow): NotificationChange {
  switch (row.kind) {
    case 'notification':
      return { kind: 'notification', notification: toNotificationDto(row) };
    case 'deleted':
      return { kind: 'deleted', notification: toDeleted(row) };
    case 'read':
      return { kind: 'read', mark: toMark(row) };
  }
}

function toDeleted({ id, seq, number }: TombstoneRow): NotificationDeleted {
  return { id, seq, number };
}

function toMark({ seq, readThrough }: ReadMarkRow): NotificationsRead {
  return { seq, readThrough };
}
