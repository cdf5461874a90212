import { z } from 'zod';
import {
  type ChatSync,
  type ConversationDto,
  conversationTypes,
  type MembershipChanged,
  type MessageChange,
  type MessageDeleted,
  type MessageDto,
  type MessageFeed,
  type MessagesRead,
  type MessageWithReaders,
  memberRoles,
  messageTypes,
  type ParticipantDto,
  type PresenceChanged,
  type SubscribeChatAnswer,
  type SystemMessage,
  smallConversation,
  unreadMessagesCap,
} from '#shared/contract/chat-dto.ts';
import { named } from './named.ts';
import { conversationId, count, cursor, number, objectId, ordinal, reload, seq, time, userId } from './values.ts';

const role = z.enum(memberRoles);

const systemMessage = named<SystemMessage>()(
  'SystemMessage',
  'What a system message tells; `senderId` is who did it.',
  z.discriminatedUnion('action', [
    z.object({ action: z.literal('created') }),
    z.object({ action: z.enum(['added', 'removed']), userIds: z.array(userId) }),
    z.object({ action: z.literal('left') }),
    z.object({ action: z.literal('renamed'), name: z.string() }),
    z.object({ action: z.literal('role'), userIds: z.array(userId), role }),
  ]),
);

const messageExample = {
  id: '6a1f0c2b9d3e4f5a6b7c8d9f',
  conversationId: '6a1f0c2b9d3e4f5a6b7c8d9e',
  senderId: 'bob',
  content: 'Hello',
  type: 0,
  createdAt: '2026-11-25T10:00:00.000Z',
  editedAt: null,
  clientMessageId: '0b5c9a3e',
  system: null,
  seq: 12,
  number: 9,
};

const message = z.object({
  id: objectId,
  conversationId,
  senderId: userId,
  content: z.string().meta({ description: 'an http or https address for images and files' }),
  type: ordinal(messageTypes),
  createdAt: time,
  editedAt: time.nullable(),
  clientMessageId: z.string().nullable().meta({ description: 'as its sender chose it' }),
  system: systemMessage.nullable(),
  seq,
  number,
});

export const messageDto = named<MessageDto>()(
  'Message',
  'One message of a conversation.',
  message.meta({ examples: [messageExample] }),
);

export const messageWithReaders = named<MessageWithReaders>()(
  'MessageWithReaders',
  `A message and who has read it; nobody in conversations of more than ${smallConversation}.`,
  message.extend({ readBy: z.array(userId) }),
);

export const messageDeleted = named<MessageDeleted>()(
  'MessageDeleted',
  'A message that is gone.',
  z.object({ id: objectId, conversationId, seq, number }),
);

export const participantDto = named<ParticipantDto>()(
  'Participant',
  'Somebody in a conversation.',
  z.object({
    userId,
    joinedAt: time,
    displayName: z.null(),
    avatarUrl: z.null(),
    role,
    readThrough: count.meta({ description: 'number of the last message that the participant has read; 0: none' }),
  }),
);

export const conversationDto = named<ConversationDto>()(
  'Conversation',
  'One conversation. A push has `unreadCount` 0 and `readThrough` 0: the same text goes to everybody.',
  z.object({
    id: conversationId,
    type: ordinal(conversationTypes),
    name: z.string().nullable(),
    createdAt: time,
    lastMessageAt: time,
    lastMessageContent: z.string().nullable(),
    lastMessageSenderId: userId.nullable(),
    lastMessageType: ordinal(messageTypes),
    participants: z.array(participantDto).max(smallConversation).meta({ description: 'the longest-standing' }),
    participantCount: count,
    unreadCount: count.max(unreadMessagesCap),
    readThrough: count,
    number: count.meta({ description: 'highest number: how many messages there ever were' }),
    cursor,
  }),
);

const messageChange = named<MessageChange>()(
  'MessageChange',
  'The latest state of one row.',
  z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('message'), message: messageDto }),
    z.object({ kind: z.literal('deleted'), message: messageDeleted }),
  ]),
);

export const messageFeed = named<MessageFeed>()(
  'MessageFeed',
  'Read on with `cursor` until it equals `head`.',
  z.object({ changes: z.array(messageChange), cursor, head: cursor, reload }),
);

export const chatSync = named<ChatSync>()(
  'ChatSync',
  'What moved since the token was given out, perhaps more. `more`: call again with the new token at once.',
  z.object({
    token: z.string(),
    conversations: z.array(conversationDto),
    left: z.array(conversationId).meta({ description: 'conversations that the caller is no longer in' }),
    more: z.boolean(),
    reload,
  }),
);

export const messagesRead = named<MessagesRead>()(
  'MessagesRead',
  'Somebody has read the messages up to a number.',
  z.object({ conversationId, userId, readThrough: count }),
);

export const membershipChanged = named<MembershipChanged>()(
  'MembershipChanged',
  'The user entered or left a conversation.',
  z.object({ conversationId, state: z.enum(['joined', 'left']) }),
);

export const presenceChanged = named<PresenceChanged>()(
  'PresenceChanged',
  '`unknown` while nobody can tell: no news is never shown as “offline”.',
  z.object({ userId, state: z.enum(['online', 'offline', 'unknown']) }),
);

export const subscribeChatAnswer = named<SubscribeChatAnswer>()(
  'SubscribeChatAnswer',
  'By conversation id; what the caller is not in is absent.',
  z.object({ conversations: z.record(z.string(), z.object({ cursor, reload })) }),
);
