import type { MessageEvent } from '#shared/contract/message-event.ts';
import type { Pushed, SimulatedConversation } from '#shared/hub/simulated-chat.fixture.ts';

/** As the chat service publishes a row that was just written. */
export function toMessageEvent(conversation: SimulatedConversation, { frame }: Pushed): MessageEvent {
  const { epoch, seq, number, members } = frame;
  const message = JSON.parse(Buffer.from(frame.body).toString()) as MessageEvent['message'];
  return {
    messageId: message.id,
    conversationId: conversation.id,
    senderId: 'alice' as never,
    content: `row ${number}`,
    type: 0,
    createdAt: '2026-11-25T10:00:00.000Z',
    isDeleted: frame.kind === 'messageDeleted',
    epoch,
    seq,
    number,
    membersVersion: members,
    recipientIds: conversation.large ? null : [...conversation.users],
    message,
    conversation: conversation.dto,
  };
}
