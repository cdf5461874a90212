import { conversationTypes, type MemberRole, memberRoles, messageTypes } from '#shared/contract/chat-dto.ts';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import type { Conversation, ConversationHead, ConversationView, LastMessage, Member } from '../domain/conversation.ts';
import type { NewConversation } from './chat-store.ts';
import type { StoredHead, StoredMessage } from './stored-message.ts';

/** A conversation as both adapters keep it. Its head is that of the newest row, or was a moment ago. */
export type StoredConversation = {
  readonly Id: string;
  readonly Type: number;
  readonly Name: string | null;
  /** Unique: the two of a private pair, or the group's own id. */
  readonly PairKey: string;
  readonly CreatedAt: number;
  readonly HeadSeq: number;
  readonly HeadNumber: number;
  readonly Members: number;
  readonly MemberCount: number;
  readonly Large: boolean;
  /** Of the newest message that is not deleted; 0: there is none. */
  readonly LastMessageNumber: number;
  readonly LastMessageSenderId: string;
  readonly LastMessageContent: string;
  readonly LastMessageType: number;
  readonly LastMessageAt: number;
  readonly ChangedAt: number;
};

/** A place in a conversation: kept, and closed, when its user has gone. */
export type StoredMember = {
  readonly ConversationId: string;
  readonly UserId: string;
  readonly Present: boolean;
  /** Ordinal in `memberRoles`. */
  readonly Role: number;
  readonly JoinedAt: number;
  readonly ReadThrough: number;
  readonly ChangedAt: number;
};

export const ownerRole = memberRoles.indexOf('owner');
export const memberRole = memberRoles.indexOf('member');

export function roleOrdinal(role: MemberRole): number {
  return memberRoles.indexOf(role);
}

/** No user ids of two pairs make the same text. */
export function pairKey({ type, creator, others }: NewConversation, id: string): string {
  return type === 'private' ? JSON.stringify([creator, ...others].sort()) : id;
}

export function newConversationState(
  conversation: NewConversation,
  { id, now }: { id: string; now: number },
): StoredConversation {
  return {
    Id: id,
    Type: conversationTypes.indexOf(conversation.type),
    Name: conversation.name,
    PairKey: pairKey(conversation, id),
    CreatedAt: now,
    HeadSeq: 0,
    HeadNumber: 0,
    Members: 0,
    MemberCount: 0,
    Large: false,
    ...lastElements(undefined, now),
    ChangedAt: now,
  };
}

/** Who is in from the beginning. Of a private pair nobody is above the other; both have read that it began. */
export function firstMembers(conversation: NewConversation, id: string, now: number): StoredMember[] {
  const isPrivate = conversation.type === 'private';
  return [conversation.creator, ...conversation.others].map((user, index) => ({
    ConversationId: id,
    UserId: user,
    Present: true,
    Role: isPrivate || index > 0 ? memberRole : ownerRole,
    JoinedAt: now,
    ReadThrough: isPrivate || index === 0 ? 1 : 0,
    ChangedAt: now,
  }));
}

/** What the head's row tells. */
export function headElements({ Seq, HeadNumber, Members, MemberCount, Large }: StoredMessage) {
  return { HeadSeq: Seq, HeadNumber, Members, MemberCount, Large };
}

export function storedHead(stored: StoredConversation): StoredHead {
  const { HeadSeq: seq, HeadNumber: number, Members: members, MemberCount: memberCount, Large: large } = stored;
  return { seq, number, members, memberCount, large };
}

/** What the newest message that is not deleted tells. */
export function lastElements(last: StoredMessage | undefined, createdAt: number) {
  return {
    LastMessageNumber: last?.Number ?? 0,
    LastMessageSenderId: last?.SenderId ?? '',
    LastMessageContent: last?.Content ?? '',
    LastMessageType: last?.Type ?? 0,
    LastMessageAt: last?.CreatedAt ?? createdAt,
  };
}

export function toConversation(stored: StoredConversation): Conversation {
  return {
    id: stored.Id as ConversationId,
    type: conversationTypes[stored.Type] ?? 'private',
    name: stored.Name,
    createdAt: stored.CreatedAt,
    last: toLastMessage(stored),
    lastMessageAt: stored.LastMessageAt,
    head: toHead(stored),
    memberCount: stored.MemberCount,
    large: stored.Large,
  };
}

function toHead({ HeadSeq, HeadNumber, Members }: StoredConversation): ConversationHead {
  return { seq: HeadSeq, number: HeadNumber, members: Members };
}

function toLastMessage(stored: StoredConversation): LastMessage | null {
  if (stored.LastMessageNumber === 0) return null;
  return {
    senderId: stored.LastMessageSenderId as UserId,
    content: stored.LastMessageContent,
    type: messageTypes[stored.LastMessageType] ?? 'text',
  };
}

export function toMember(stored: StoredMember): Member {
  return {
    userId: stored.UserId as UserId,
    role: memberRoles[stored.Role] ?? 'member',
    joinedAt: stored.JoinedAt,
    readThrough: stored.ReadThrough,
  };
}

/** `members`: the longest-standing. */
export function toView(
  conversation: StoredConversation,
  members: readonly StoredMember[],
  own: StoredMember,
): ConversationView {
  return { conversation: toConversation(conversation), members: members.map(toMember), own: toMember(own) };
}
