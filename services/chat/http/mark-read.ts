import { z } from 'zod';
import { PlatformError } from '#shared/contract/errors.ts';
import type { ConversationId } from '#shared/contract/ids.ts';
import { integerField, textField } from '#shared/http/query-fields.ts';
import { nothing } from '#shared/schemas/errors.ts';
import type { ChatStore } from '../store/chat-store.ts';
import { noConversation, noMessage, viewOf } from './access.ts';
import { ofConversation } from './params.ts';
import { route } from './route.ts';

const query = z.object({
  messageId: textField.optional().meta({ description: 'a message of the conversation; goes before `number`' }),
  number: integerField({ min: 0 }).optional().meta({ description: 'required without `messageId`' }),
});

/** `?messageId=` or `?number=`: everything up to it is read. Never goes back. */
export const markRead = route({
  method: 'post',
  path: '/api/chat/conversations/:id/read',
  name: 'markConversationRead',
  tag: 'messages',
  summary: 'Say that everything up to a message is read; never goes back',
  params: ofConversation,
  query,
  answers: { 200: nothing },
  refuses: ['not_found'],
  async answer({ store, signals }, { user, params, query }) {
    const view = await viewOf(store, params.id, user);
    const { id } = view.conversation;
    const marked = await store.markRead(id, user, await readThrough(store, id, query));
    if (!marked) throw noConversation();
    if (marked.changed) signals.read(view, marked.readThrough);
    return { body: {} };
  },
});

async function readThrough(
  store: ChatStore,
  conversation: ConversationId,
  { messageId, number }: z.output<typeof query>,
): Promise<number> {
  if (messageId !== undefined) {
    const row = await store.message(messageId);
    if (row?.conversationId !== conversation) throw noMessage();
    return row.number;
  }
  if (number === undefined) throw new PlatformError('bad_request', 'messageId or number is required');
  return number;
}
