import { z } from 'zod';
import type { clientMethods, exchanges, hubPaths, serverMethods } from '#shared/contract/names.ts';
import {
  conversationDto,
  membershipChanged,
  messageDeleted,
  messageDto,
  messagesRead,
  presenceChanged,
  subscribeChatAnswer,
} from '#shared/schemas/chat.ts';
import { messageEvent, userInteractionEvent } from '#shared/schemas/events.ts';
import {
  notificationDeleted,
  notificationDto,
  notificationsRead,
  subscribeAnswer,
} from '#shared/schemas/notifications.ts';
import { conversationId, cursor, userId } from '#shared/schemas/values.ts';

type HubName = keyof typeof hubPaths;

type Push = {
  readonly hub: HubName;
  readonly summary: string;
  /** The method's arguments, in their order. */
  readonly arguments: z.ZodType;
};

type Invocation = Push & {
  /** What the call, or the acknowledgement, answers; undefined: nothing. */
  readonly answer?: z.ZodType;
};

type BusEvent = {
  readonly summary: string;
  /** Whether we publish it or read it. */
  readonly action: 'send' | 'receive';
  readonly message: z.ZodType;
};

const one = (argument: z.ZodType) => z.array(argument).length(1);

/** Server → client, by the keys of `clientMethods`. */
export const pushes: Readonly<Record<keyof typeof clientMethods, Push>> = {
  receiveNotification: {
    hub: 'notifications',
    summary: 'A new notification: each one once and in order while connected.',
    arguments: one(notificationDto),
  },
  notificationChanged: {
    hub: 'notifications',
    summary: 'A known notification changed; after `Subscribe`.',
    arguments: one(notificationDto),
  },
  notificationDeleted: {
    hub: 'notifications',
    summary: 'A known notification is gone; after `Subscribe`.',
    arguments: one(notificationDeleted),
  },
  notificationsRead: {
    hub: 'notifications',
    summary: 'All notifications up to a number are read; after `Subscribe`.',
    arguments: one(notificationsRead),
  },
  receiveMessage: {
    hub: 'chat',
    summary: 'A new message, to its sender too: each one once and in order while connected.',
    arguments: one(messageDto),
  },
  updateConversation: {
    hub: 'chat',
    summary: 'The last message, the name or the members of a conversation changed.',
    arguments: one(conversationDto),
  },
  userTyping: {
    hub: 'chat',
    summary: 'Somebody types: conversation id, user id.',
    arguments: z.array(z.string()).length(2),
  },
  userStoppedTyping: {
    hub: 'chat',
    summary: 'Somebody types no more: conversation id, user id.',
    arguments: z.array(z.string()).length(2),
  },
  messageChanged: {
    hub: 'chat',
    summary: 'A known message changed; after `SubscribeChat`.',
    arguments: one(messageDto),
  },
  messageDeleted: {
    hub: 'chat',
    summary: 'A known message is gone; after `SubscribeChat`.',
    arguments: one(messageDeleted),
  },
  messagesRead: {
    hub: 'chat',
    summary: 'Somebody has read; after `SubscribeChat`.',
    arguments: one(messagesRead),
  },
  membershipChanged: {
    hub: 'chat',
    summary: 'The user entered or left a conversation; after `SubscribeChat`.',
    arguments: one(membershipChanged),
  },
  presenceChanged: {
    hub: 'chat',
    summary: 'Somebody whom the user shows came or went; after `WatchPresence`.',
    arguments: one(presenceChanged),
  },
};

/** Client → server, by the keys of `serverMethods`. */
export const invocations: Readonly<Record<keyof typeof serverMethods, Invocation>> = {
  subscribe: {
    hub: 'notifications',
    summary: 'From its answer on the client also gets changes. Call it first and read the feed after it.',
    arguments: one(cursor.nullable()),
    answer: subscribeAnswer,
  },
  subscribeChat: {
    hub: 'chat',
    summary: 'Cursors by conversation id: from then on the client also gets changes, receipts and memberships.',
    arguments: one(z.record(z.string(), cursor.nullable())),
    answer: subscribeChatAnswer,
  },
  typingStarted: { hub: 'chat', summary: 'The user types in a conversation.', arguments: one(conversationId) },
  typingStopped: { hub: 'chat', summary: 'The user types no more.', arguments: one(conversationId) },
  watchPresence: {
    hub: 'chat',
    summary: 'Whose presence this client shows, in the place of the last list.',
    arguments: one(z.array(userId).max(200)),
    answer: z.array(presenceChanged),
  },
};

/** Between services, by the keys of `exchanges`. */
export const busEvents: Readonly<Record<keyof typeof exchanges, BusEvent>> = {
  userInteraction: {
    summary: 'Somebody liked, commented or replied; published by the .NET services.',
    action: 'receive',
    message: userInteractionEvent,
  },
  messageSent: { summary: 'A message was sent.', action: 'send', message: messageEvent },
  messageChanged: { summary: 'A message was changed or deleted.', action: 'send', message: messageEvent },
};
