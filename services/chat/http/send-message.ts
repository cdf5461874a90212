import { createHash } from 'node:crypto';
import { messageTypes } from '#shared/contract/chat-dto.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import { messageDto } from '#shared/schemas/chat.ts';
import { toMessageDto } from '../domain/present.ts';
import { viewOf } from './access.ts';
import { newMessage } from './bodies.ts';
import { route } from './route.ts';

/** 201 also for the same again; another body under the same `clientMessageId` is a `conflict`. */
export const sendMessage = route({
  method: 'post',
  path: '/api/chat/messages',
  name: 'sendMessage',
  tag: 'messages',
  summary: 'Send a message; once for each `clientMessageId`, however often it is asked',
  body: newMessage,
  answers: { 201: messageDto },
  refuses: ['not_found', 'conflict'],
  async answer({ store, outbox }, { user, body, epoch }) {
    const view = await viewOf(store, body.conversationId, user);
    const conversationId = view.conversation.id;
    const { type, content } = body;
    const { row, created, conversation } = await store.send({
      conversationId,
      senderId: user,
      content,
      type: messageTypes[type],
      system: null,
      clientMessageId: body.clientMessageId ?? null,
      bodyHash: createHash('sha256')
        .update(JSON.stringify([conversationId, type, content]))
        .digest('base64url'),
    });
    if (created) outbox.written({ row, conversation }, epoch, view);
    if (row.kind === 'deleted') throw new PlatformError('conflict', 'this message was sent, and deleted since');
    return { status: 201, body: toMessageDto(row) };
  },
});
