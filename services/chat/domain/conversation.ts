import type { ConversationType, MemberRole, MessageType } from '#shared/contract/chat-dto.ts';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';

/** Head of a conversation's stream; `members` is the seq of the last row that changed the membership. */
export type ConversationHead = { readonly seq: number; readonly number: number; readonly members: number };

export type Conversation = {
  readonly id: ConversationId;
  readonly type: ConversationType;
  /** null: the clients make one from the members. */
  readonly name: string | null;
  /** Milliseconds since 1970, as are all times here. */
  readonly createdAt: number;
  /** The newest message that is not deleted, or was when the conversation's head was last mended. */
  readonly last: LastMessage | null;
  /** Of `last`, else of the creation. */
  readonly lastMessageAt: number;
  readonly head: ConversationHead;
  readonly memberCount: number;
  /** It once had more members than `smallConversation`. */
  readonly large: boolean;
};

export type LastMessage = { readonly senderId: UserId; readonly content: string; readonly type: MessageType };

export type Member = {
  readonly userId: UserId;
  readonly role: MemberRole;
  readonly joinedAt: number;
  /** Number of the last message that was read; never falls. */
  readonly readThrough: number;
};

/** A conversation as one of its members sees it. */
export type ConversationView = {
  readonly conversation: Conversation;
  /** The longest-standing, at most `smallConversation`. */
  readonly members: readonly Member[];
  readonly own: Member;
};
