import { z } from 'zod';
import type { ConversationDto, MessageDeleted, MessageDto } from '#shared/contract/chat-dto.ts';
import { parseCursor } from '#shared/contract/cursor.ts';
import { asConversationId, type ConversationId, isUserId, type UserId } from '#shared/contract/ids.ts';
import { maxRecipientIds } from '#shared/contract/message-event.ts';
import { InvalidEventError } from '#shared/contract/user-interaction-event.ts';

/** Of a `MessageEvent` what the hubs hand on. */
export type DispatchedEvent = {
  readonly conversationId: ConversationId;
  readonly isDeleted: boolean;
  readonly epoch: string;
  readonly seq: number;
  readonly number: number;
  readonly membersVersion: number;
  readonly recipientIds: readonly UserId[] | null;
  readonly message: MessageDto | MessageDeleted;
  readonly conversation: ConversationDto | null;
};

const conversationId = z.custom<ConversationId>((value) => asConversationId(value) === value);
const count = z.int().min(1);
/** Forwarded as it is: its shape is between the chat service and the clients. */
const message = z.looseObject({ id: z.string(), conversationId, seq: count, number: count });
const conversation = z.looseObject({ id: conversationId, cursor: z.string() });

const schema = z.object({
  conversationId,
  isDeleted: z.boolean(),
  epoch: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/),
  seq: count,
  number: count,
  membersVersion: z.int().min(0),
  recipientIds: z.array(z.custom<UserId>(isUserId)).max(maxRecipientIds).nullable(),
  message,
  conversation: conversation.nullable(),
});

/** @throws InvalidEventError for what our chat service did not publish */
export function parseMessageEvent(payload: object): DispatchedEvent {
  const parsed = schema.safeParse(payload);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new InvalidEventError(`${issue?.path.join('.') || 'the event'} is not as the contract says`);
  }
  const event = parsed.data;
  const { message, conversation } = event;
  if (message.conversationId !== event.conversationId || message.seq !== event.seq || message.number !== event.number) {
    throw new InvalidEventError('the message is not the row that the event is about');
  }
  if (conversation && (conversation.id !== event.conversationId || !parseCursor(conversation.cursor))) {
    throw new InvalidEventError('the conversation is not the one that the event is about');
  }
  return event as unknown as DispatchedEvent;
}
