import { messageTypes, smallConversation } from '#shared/contract/chat-dto.ts';
import type { UserId } from '#shared/contract/ids.ts';
import type { MessageEvent } from '#shared/contract/message-event.ts';
import type { Conversation, Member } from './conversation.ts';
import type { ChatRow } from './message-row.ts';
import { toPushBody, toPushedConversation } from './present.ts';

/** Whom a row is for, as of now. */
export type Audience = {
  readonly conversation: Conversation;
  /** The longest-standing, at most `smallConversation`. */
  readonly members: readonly Member[];
  /** See `MessageEvent.recipientIds`. */
  readonly recipients: readonly UserId[] | null;
};

/** `unsent`: no event has told of it yet. */
export type OutgoingRow = ChatRow & { readonly unsent: boolean };

/** `audience` undefined: nobody is left in the conversation. */
export function toMessageEvent(row: OutgoingRow, epoch: string, audience: Audience | undefined): MessageEvent {
  return {
    messageId: row.id,
    conversationId: row.conversationId,
    senderId: row.senderId,
    content: row.kind === 'message' ? row.content : '',
    type: messageTypes.indexOf(row.type),
    createdAt: new Date(row.createdAt).toISOString(),
    isDeleted: row.kind === 'deleted',
    epoch,
    seq: row.seq,
    number: row.number,
    membersVersion: row.members,
    recipientIds: audience ? audience.recipients : [],
    message: toPushBody(row),
    conversation:
      audience && touchesConversation(row, audience.conversation)
        ? toPushedConversation(audience.conversation, audience.members, epoch)
        : null,
  };
}

/** A change of a message that another one follows is none of its conversation. */
function touchesConversation(row: OutgoingRow, { lastMessageAt }: Conversation): boolean {
  return row.unsent || lastMessageAt <= row.createdAt;
}

/**
 * Whether rows up to this one may have gone to members' own channels: workers then know the conversation as a small one
 * and do not listen to its channel, so this row must reach the members' channels as well. Concurrent changes blur the
 * exact row, hence the margin.
 */
export function mayHaveMadeLarge(row: ChatRow, { large, memberCount }: Conversation): boolean {
  if (!large || row.kind !== 'message' || !row.system) return false;
  if (row.system.action === 'created') return true;
  if (row.system.action !== 'added') return false;
  return memberCount - row.system.userIds.length <= 4 * smallConversation;
}
