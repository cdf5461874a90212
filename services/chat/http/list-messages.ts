import { z } from 'zod';
import { asConversationId, type ConversationId } from '#shared/contract/ids.ts';
import { integerField, limitField, textField } from '#shared/http/query-fields.ts';
import { messageWithReaders } from '#shared/schemas/chat.ts';
import { toMessageWithReaders } from '../domain/present.ts';
import type { ChatStore } from '../store/chat-store.ts';
import { noConversation, viewOf } from './access.ts';
import { ofConversation } from './params.ts';
import { route } from './route.ts';

const query = z.object({
  before: integerField({ min: 1 }).optional().meta({ description: 'a number: older messages only' }),
  beforeId: textField.optional().meta({ description: 'a message: older ones only; goes before `before`' }),
  limit: limitField({ default: 20, cap: 100 }),
});

/** Newest first: `?before=` a number, or `?beforeId=` a message, `?limit=` (default 20, capped at 100). */
export const listMessages = route({
  method: 'get',
  path: '/api/chat/conversations/:id/messages',
  name: 'listMessages',
  tag: 'messages',
  summary: 'List the messages of a conversation, newest first',
  params: ofConversation,
  query,
  answers: { 200: z.array(messageWithReaders) },
  refuses: ['not_found'],
  async answer({ store }, { user, params, query }) {
    const id = asConversationId(params.id);
    if (!id) throw noConversation();
    const before = await readBefore(store, id, query);
    const rows = before === 'nowhere' ? [] : await store.list(id, { before, limit: query.limit });
    // Looked up after the rows: then none of them is from after the caller left.
    const view = await viewOf(store, id, user);
    return { body: rows.map((row) => toMessageWithReaders(row, view)) };
  },
});

async function readBefore(
  store: ChatStore,
  conversation: ConversationId,
  { before, beforeId }: z.output<typeof query>,
): Promise<number | undefined | 'nowhere'> {
  if (beforeId === undefined) return before;
  const row = await store.message(beforeId);
  return row?.conversationId === conversation ? row.number : 'nowhere';
}
