import type { ConversationDto, MessageDeleted, MessageDto } from './chat-dto.ts';
import type { ConversationId, UserId } from './ids.ts';

export const maxRecipientIds = 1_000;

/**
 * `Sonixy.Shared.Events:MessageSentEvent` and `MessageChangedEvent`: a row of a conversation that took a seq. At least
 * once per seq, in no promised order. The fields above the line are what a .NET consumer is interested in; the others
 * are what hubs need to hand the row on without asking anybody.
 */
export type MessageEvent = {
  readonly messageId: string;
  readonly conversationId: ConversationId;
  readonly senderId: UserId;
  /** Empty when it was deleted. */
  readonly content: string;
  /** Ordinal in `messageTypes`. */
  readonly type: number;
  readonly createdAt: string;
  readonly isDeleted: boolean;
  // ————
  readonly epoch: string;
  readonly seq: number;
  readonly number: number;
  readonly membersVersion: number;
  /**
   * Whose channels get it, at most `maxRecipientIds`; null: the conversation is large, its own channel does. The row that
   * makes it large still names everybody: whoever knew it as a small one listens nowhere else.
   */
  readonly recipientIds: readonly UserId[] | null;
  /** Argument of the client's method. */
  readonly message: MessageDto | MessageDeleted;
  /** Argument of `UpdateConversation`; null where nothing of it changed. */
  readonly conversation: ConversationDto | null;
};
