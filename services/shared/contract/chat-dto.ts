import type { ConversationId, UserId } from './ids.ts';

/** Ordinals of the .NET enums are the indexes. */
export const messageTypes = ['text', 'image', 'file', 'system'] as const;
export type MessageType = (typeof messageTypes)[number];

export const conversationTypes = ['private', 'group'] as const;
export type ConversationType = (typeof conversationTypes)[number];

/** From the least to the most that they may. */
export const memberRoles = ['member', 'admin', 'owner'] as const;
export type MemberRole = (typeof memberRoles)[number];

/** A conversation with more members than this has a channel of its own, from then on for ever. */
export const smallConversation = 32;

/** .NET's fields, string ids, and the stream's. */
export type MessageDto = {
  /** 24 hex digits. */
  readonly id: string;
  readonly conversationId: ConversationId;
  readonly senderId: UserId;
  /** An http or https address for images and files; a sentence for a system message, whose parts are in `system`. */
  readonly content: string;
  /** Ordinal in `messageTypes`. */
  readonly type: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly editedAt: string | null;
  /** As its sender chose it; null where there was none. */
  readonly clientMessageId: string | null;
  readonly system: SystemMessage | null;
  /** Place in the conversation's change feed; moves with every change of the message. */
  readonly seq: number;
  /** Place in the conversation, 1, 2, 3 …; never moves. */
  readonly number: number;
};

/** What a system message tells. `senderId` is who did it. */
export type SystemMessage =
  | { readonly action: 'created' }
  | { readonly action: 'added' | 'removed'; readonly userIds: readonly UserId[] }
  | { readonly action: 'left' }
  | { readonly action: 'renamed'; readonly name: string }
  | { readonly action: 'role'; readonly userIds: readonly UserId[]; readonly role: MemberRole };

/** As REST answers it: `readBy` names those who have read it, and is empty in conversations above `smallConversation`. */
export type MessageWithReaders = MessageDto & { readonly readBy: readonly UserId[] };

export type MessageDeleted = {
  readonly id: string;
  readonly conversationId: ConversationId;
  readonly seq: number;
  readonly number: number;
};

export type ParticipantDto = {
  readonly userId: UserId;
  readonly joinedAt: string;
  readonly displayName: null;
  readonly avatarUrl: null;
  readonly role: MemberRole;
  /** Number of the last message that the participant has read; 0: none. */
  readonly readThrough: number;
};

/** .NET's fields, and ours. A push has `unreadCount` 0 and `readThrough` 0: the same text goes to everybody. */
export type ConversationDto = {
  readonly id: ConversationId;
  /** Ordinal in `conversationTypes`. */
  readonly type: number;
  readonly name: string | null;
  readonly createdAt: string;
  readonly lastMessageAt: string;
  readonly lastMessageContent: string | null;
  readonly lastMessageSenderId: UserId | null;
  /** Ordinal in `messageTypes`. */
  readonly lastMessageType: number;
  /** The longest-standing, at most `smallConversation` of them. */
  readonly participants: readonly ParticipantDto[];
  readonly participantCount: number;
  /** Messages after the caller's read position, own ones included: at most `unreadMessagesCap`. */
  readonly unreadCount: number;
  /** The caller's. */
  readonly readThrough: number;
  /** Highest number: how many messages there ever were. */
  readonly number: number;
  /** Cursor of the head. */
  readonly cursor: string;
};

export const unreadMessagesCap = 1_000;

/** One row of a conversation's change feed, latest state. */
export type MessageChange =
  | { readonly kind: 'message'; readonly message: MessageDto }
  | { readonly kind: 'deleted'; readonly message: MessageDeleted };

/** `GET /api/chat/conversations/{id}/feed?after=<cursor>&limit=`, by the rules of `NotificationFeed`. */
export type MessageFeed = {
  readonly changes: readonly MessageChange[];
  readonly cursor: string;
  readonly head: string;
  readonly reload: boolean;
};

/**
 * `GET /api/chat/sync?token=`: what moved since the token was given out, perhaps more; without a token everything. `more`:
 * call again with the new token at once. `reload`: the token means nothing any more.
 */
export type ChatSync = {
  readonly token: string;
  readonly conversations: readonly ConversationDto[];
  /** Conversations that the caller is no longer in. */
  readonly left: readonly ConversationId[];
  readonly more: boolean;
  readonly reload: boolean;
};

export type MessagesRead = {
  readonly conversationId: ConversationId;
  readonly userId: UserId;
  readonly readThrough: number;
};

export type MembershipChanged = { readonly conversationId: ConversationId; readonly state: 'joined' | 'left' };

/** `unknown` while nobody can tell: no news is never shown as "offline". */
export type PresenceChanged = { readonly userId: UserId; readonly state: 'online' | 'offline' | 'unknown' };

/** By conversation id; what the caller is not in is absent. */
export type SubscribeChatAnswer = {
  readonly conversations: Readonly<Record<string, { readonly cursor: string; readonly reload: boolean }>>;
};
