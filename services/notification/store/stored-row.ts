import type { UserId } from '#shared/contract/ids.ts';
import { notificationTypes } from '#shared/contract/notification-dto.ts';
import { targetTypes } from '#shared/contract/user-interaction-event.ts';
import { newObjectId } from '#shared/store/object-id.ts';
import { type Head, type Place, placeOfChanged, placeOfNew } from '#shared/stream/feed.ts';
import type { NotificationRow, ReadMarkRow, RowChange, StreamRow, TombstoneRow } from '../domain/notification-row.ts';
import type { NewNotification } from './notification-store.ts';

/** A row as both adapters keep it, under Sonixy's element names; enums are .NET's ordinals. */
export type StoredRow = {
  readonly Id: string;
  readonly RecipientId: string;
  /** A mark of read has one of its own making. */
  readonly MessageId: string;
  readonly ActorId: string;
  readonly ActorName: string;
  readonly ActorAvatar: string;
  readonly EntityId: string;
  readonly EntityType: number;
  readonly Type: number;
  readonly Status: number;
  readonly Archived: boolean;
  readonly Deleted: boolean;
  /** Of a mark of read, whose `Number` is 0; 0 in all others. */
  readonly ReadThrough: number;
  /** Milliseconds since 1970. */
  readonly CreatedAt: number;
  readonly UpdatedAt: number;
  readonly Seq: number;
  readonly Number: number;
  readonly HeadNumber: number;
};

export type Draft = Omit<StoredRow, 'Seq' | 'Number' | 'HeadNumber'>;

export const unread = 0;
export const read = 1;

const noContent = { ActorId: '', ActorName: '', ActorAvatar: '', EntityId: '', EntityType: 0, Type: 0 };

export function draftOf(notification: NewNotification, now: number): Draft {
  const { imported } = notification;
  return {
    Id: imported?.id ?? newObjectId(now),
    RecipientId: notification.recipientId,
    MessageId: notification.messageId,
    ActorId: notification.actorId,
    ActorName: notification.actorName,
    ActorAvatar: notification.actorAvatar,
    EntityId: notification.entityId,
    EntityType: targetTypes.indexOf(notification.entityType),
    Type: notificationTypes.indexOf(notification.type),
    Status: imported?.isRead ? read : unread,
    Archived: false,
    Deleted: false,
    ReadThrough: 0,
    CreatedAt: imported?.createdAt ?? now,
    UpdatedAt: now,
  };
}

export function newRow(draft: Draft, head: Head): StoredRow {
  return placed(draft, placeOfNew(head));
}

/** The stream's mark of read when there was none; it marks all that the stream holds. */
export function newMark(recipient: string, head: Head, now: number): StoredRow {
  const draft = {
    ...noContent,
    Id: newObjectId(now),
    RecipientId: recipient,
    MessageId: `read-mark:${recipient}`,
    Status: read,
    Archived: false,
    Deleted: false,
    ReadThrough: head.number,
    CreatedAt: now,
    UpdatedAt: now,
  };
  return placed(draft, placeOfChanged(head, { seq: 0, number: 0 }));
}

export function movedMark(mark: StoredRow, head: Head, now: number): StoredRow {
  return placed(
    { ...mark, ReadThrough: head.number, UpdatedAt: now },
    placeOfChanged(head, { seq: mark.Seq, number: 0 }),
  );
}

export function changedRow(row: StoredRow, change: RowChange, head: Head, now: number): StoredRow {
  return placed(
    { ...row, ...changedElements(change), UpdatedAt: now },
    placeOfChanged(head, { seq: row.Seq, number: row.Number }),
  );
}

function changedElements(change: RowChange): Partial<StoredRow> {
  switch (change) {
    case 'read':
      return { Status: read };
    case 'archive':
      return { Archived: true };
    case 'unarchive':
      return { Archived: false };
    case 'delete':
      return { ...noContent, Deleted: true, Status: read };
  }
}

function placed(draft: Draft, { seq, number, headNumber }: Place): StoredRow {
  return { ...draft, Seq: seq, Number: number, HeadNumber: headNumber };
}

/** `readThrough` is the stream's mark of read. */
export function toStreamRow(row: StoredRow, readThrough: number): StreamRow {
  return row.Number === 0 ? toMarkRow(row) : toEntryRow(row, readThrough);
}

export function toMarkRow(row: StoredRow): ReadMarkRow {
  return { kind: 'read', seq: row.Seq, number: 0, readThrough: row.ReadThrough };
}

export function toEntryRow(row: StoredRow, readThrough: number): NotificationRow | TombstoneRow {
  return row.Deleted
    ? { kind: 'deleted', id: row.Id, seq: row.Seq, number: row.Number }
    : toNotificationRow(row, readThrough);
}

export function toNotificationRow(row: StoredRow, readThrough: number): NotificationRow {
  return {
    kind: 'notification',
    id: row.Id,
    recipientId: row.RecipientId as UserId,
    actorId: row.ActorId as UserId,
    actorName: row.ActorName,
    actorAvatar: row.ActorAvatar,
    entityId: row.EntityId,
    entityType: targetTypes[row.EntityType] ?? 'Post',
    type: notificationTypes[row.Type] ?? 'Like',
    isRead: row.Status === read || row.Number <= readThrough,
    archived: row.Archived,
    createdAt: row.CreatedAt,
    seq: row.Seq,
    number: row.Number,
  };
}

export function placeOf(row: StoredRow): Place {
  return { seq: row.Seq, number: row.Number, headNumber: row.HeadNumber };
}
