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
 * Whether rows before this one may have gone to members' own channels: workers then know the conversation as a small one
 * and do not listen to its channel, so this row must reach the members' channels. Additions at the same time blur which
 * row it was, hence the margin; of a leftover nobody knows any more.
 */
export function mayHaveMadeLarge(row: ChatRow, conversation: Conversation, isLeftover: boolean): boolean {
  if (!conversation.large || row.kind !== 'message' || !row.system) return false;
  const { system } = row;
  if (system.action === 'added') {
    return isLeftover || conversation.memberCount - system.userIds.length <= 4 * smallConversation;
  }
  return system.action === 'created';
}
