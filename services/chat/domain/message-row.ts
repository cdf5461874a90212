import type { MessageType, SystemMessage } from '#shared/contract/chat-dto.ts';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';

type RowPlace = {
  /** 24 hex digits, lower case. */
  readonly id: string;
  readonly conversationId: ConversationId;
  readonly senderId: UserId;
  readonly type: MessageType;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly seq: number;
  readonly number: number;
  /** See `PushRow.members`. */
  readonly members: number;
};

export type MessageRow = RowPlace & {
  readonly kind: 'message';
  readonly content: string;
  readonly system: SystemMessage | null;
  readonly clientMessageId: string | null;
  readonly editedAt: number | null;
};

/** What stays of a deleted message. */
export type DeletedMessageRow = RowPlace & { readonly kind: 'deleted' };

/** A row of a conversation's stream. */
export type ChatRow = MessageRow | DeletedMessageRow;
