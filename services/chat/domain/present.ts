import {
  type ConversationDto,
  conversationTypes,
  type MessageChange,
  type MessageDeleted,
  type MessageDto,
  type MessageWithReaders,
  messageTypes,
  type ParticipantDto,
  unreadMessagesCap,
} from '#shared/contract/chat-dto.ts';
import { formatCursor } from '#shared/contract/cursor.ts';
import type { Conversation, ConversationView, Member } from './conversation.ts';
import type { ChatRow, DeletedMessageRow, MessageRow } from './message-row.ts';

export function toMessageDto(row: MessageRow): MessageDto {
  return {
    id: row.id,
    conversationId: row.conversationId,
    senderId: row.senderId,
    content: row.content,
    type: messageTypes.indexOf(row.type),
    createdAt: toIso(row.createdAt),
    editedAt: row.editedAt === null ? null : toIso(row.editedAt),
    clientMessageId: row.clientMessageId,
    system: row.system,
    seq: row.seq,
    number: row.number,
  };
}

/** Who has read a message follows from how far each member has read. */
export function toMessageWithReaders(row: MessageRow, { conversation, members }: ConversationView): MessageWithReaders {
  const readers = conversation.large ? [] : members.filter(({ readThrough }) => readThrough >= row.number);
  return { ...toMessageDto(row), readBy: readers.map(({ userId }) => userId) };
}

export function toMessageDeleted({ id, conversationId, seq, number }: DeletedMessageRow): MessageDeleted {
  return { id, conversationId, seq, number };
}

/** The one argument of the client's method for this row. */
export function toPushBody(row: ChatRow): MessageDto | MessageDeleted {
  return row.kind === 'message' ? toMessageDto(row) : toMessageDeleted(row);
}

export function toMessageChange(row: ChatRow): MessageChange {
  return row.kind === 'message'
    ? { kind: 'message', message: toMessageDto(row) }
    : { kind: 'deleted', message: toMessageDeleted(row) };
}

export function toParticipantDto({ userId, joinedAt, role, readThrough }: Member): ParticipantDto {
  return { userId, joinedAt: toIso(joinedAt), displayName: null, avatarUrl: null, role, readThrough };
}

export function toConversationDto({ conversation, members, own }: ConversationView, epoch: string): ConversationDto {
  const unread = conversation.head.number - own.readThrough;
  return {
    ...toPushedConversation(conversation, members, epoch),
    unreadCount: Math.max(0, Math.min(unread, unreadMessagesCap)),
    readThrough: own.readThrough,
  };
}

/** As everybody may see it: without what is one member's. */
export function toPushedConversation(
  conversation: Conversation,
  members: readonly Member[],
  epoch: string,
): ConversationDto {
  const { id, name, createdAt, last, lastMessageAt, head, memberCount } = conversation;
  return {
    id,
    type: conversationTypes.indexOf(conversation.type),
    name,
    createdAt: toIso(createdAt),
    lastMessageAt: toIso(lastMessageAt),
    lastMessageContent: last?.content ?? null,
    lastMessageSenderId: last?.senderId ?? null,
    lastMessageType: last ? messageTypes.indexOf(last.type) : 0,
    participants: members.map(toParticipantDto),
    participantCount: memberCount,
    unreadCount: 0,
    readThrough: 0,
    number: head.number,
    cursor: formatCursor({ epoch, seq: head.seq }),
  };
}

function toIso(ms: number): string {
  return new Date(ms).toISOString();
}
