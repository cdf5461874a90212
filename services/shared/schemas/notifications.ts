import { z } from 'zod';
import {
  type NotificationChange,
  type NotificationDeleted,
  type NotificationDto,
  type NotificationFeed,
  type NotificationGroup,
  type NotificationGroupPage,
  type NotificationPage,
  type NotificationsRead,
  notificationTypes,
  type SubscribeAnswer,
  type UnreadCount,
  unreadCap,
} from '#shared/contract/notification-dto.ts';
import { targetTypes } from '#shared/contract/user-interaction-event.ts';
import { named } from './named.ts';
import { count, cursor, number, objectId, ordinal, reload, seq, time, userId } from './values.ts';

const notificationExample = {
  id: '6a1f0c2b9d3e4f5a6b7c8d9e',
  recipientId: 'alice',
  actorId: 'bob',
  actorName: 'Bob',
  actorAvatar: '',
  entityId: 'post-1',
  type: 0,
  status: 0,
  isRead: false,
  createdAt: '2026-11-25T10:00:00.000Z',
  action: 'Like',
  entityType: 'Post',
  archived: false,
  seq: 7,
  number: 5,
};

export const notificationDto = named<NotificationDto>()(
  'Notification',
  'One notification: .NET’s fields, the strings that Sonixy’s frontend reads, and its places.',
  z
    .object({
      id: objectId,
      recipientId: userId,
      actorId: userId,
      actorName: z.string().meta({ description: '`Unknown` when the event had none' }),
      actorAvatar: z.string().meta({ description: 'empty when the event had none' }),
      entityId: z.string(),
      type: ordinal(notificationTypes),
      status: z.literal([0, 1]).meta({ description: '0 unread, 1 read' }),
      isRead: z.boolean(),
      createdAt: time,
      action: z.enum(notificationTypes),
      entityType: z.enum(targetTypes),
      archived: z.boolean(),
      seq,
      number,
    })
    .meta({ examples: [notificationExample] }),
);

export const notificationDeleted = named<NotificationDeleted>()(
  'NotificationDeleted',
  'A notification that is gone.',
  z.object({ id: objectId, seq, number }),
);

export const notificationsRead = named<NotificationsRead>()(
  'NotificationsRead',
  'Every notification whose `number` is at most `readThrough` is read.',
  z.object({ seq, readThrough: count }),
);

const change = named<NotificationChange>()(
  'NotificationChange',
  'The latest state of one row.',
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('notification'), notification: notificationDto }),
    z.object({ kind: z.literal('deleted'), notification: notificationDeleted }),
    z.object({ kind: z.literal('read'), mark: notificationsRead }),
  ]),
);

export const notificationFeed = named<NotificationFeed>()(
  'NotificationFeed',
  'Read on with `cursor` until it equals `head`.',
  z.object({ changes: z.array(change), cursor, head: cursor, reload }),
);

const unread = count.max(unreadCap);

export const notificationPage = named<NotificationPage>()(
  'NotificationPage',
  'Newest first.',
  z.object({
    items: z.array(notificationDto),
    unreadCount: unread,
    hasMore: z.boolean(),
    cursor: cursor.nullable().meta({
      description: 'rows and count hold every change up to here; null when the stream did not stand still meanwhile',
    }),
  }),
);

const group = named<NotificationGroup>()(
  'NotificationGroup',
  '“Bob and 12 others liked your post”: a view over the newest rows.',
  z.object({
    action: z.enum(notificationTypes),
    entityId: z.string(),
    entityType: z.enum(targetTypes),
    latest: notificationDto,
    actors: z
      .array(z.object({ actorId: userId, actorName: z.string(), actorAvatar: z.string() }))
      .min(1)
      .max(3)
      .meta({ description: 'distinct, newest first' }),
    others: count.meta({ description: 'distinct actors beyond the first' }),
    count: count.min(1),
    unreadCount: count,
  }),
);

export const notificationGroupPage = named<NotificationGroupPage>()(
  'NotificationGroupPage',
  'Newest first.',
  z.object({ groups: z.array(group), unreadCount: unread, hasMore: z.boolean() }),
);

export const unreadCount = named<UnreadCount>()(
  'UnreadCount',
  '`capped` when there may be more.',
  z.object({ count: unread, capped: z.boolean() }),
);

export const subscribeAnswer = named<SubscribeAnswer>()(
  'SubscribeAnswer',
  'This worker’s place in the stream, and whether the client’s cursor is still of this life.',
  z.object({ cursor, reload }),
);
