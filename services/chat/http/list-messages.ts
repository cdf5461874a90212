import { asConversationId, type ConversationId } from '#shared/contract/ids.ts';
import type { Query } from '#shared/http/query.ts';
import { toMessageWithReaders } from '../domain/present.ts';
import type { ChatStore } from '../store/chat-store.ts';
import { noConversation, viewOf } from './access.ts';
import { readLimit } from './read-limit.ts';
import { route } from './route.ts';

/** Newest first: `?before=` a number, or `?beforeId=` a message, `?limit=` (default 20, capped at 100). */
export const listMessages = route({
  method: 'get',
  path: '/api/chat/conversations/:id/messages',
  query: ['before', 'beforeId', 'limit'],
  async answer({ store }, { user, param, query }) {
    const limit = readLimit(query, { default: 20, cap: 100 });
    const id = asConversationId(param('id'));
    if (!id) throw noConversation();
    const before = await readBefore(store, id, query);
    const rows = before === 'nowhere' ? [] : await store.list(id, { before, limit });
    // Looked up after the rows: then none of them is from after the caller left.
    const view = await viewOf(store, id, user);
    return { body: rows.map((row) => toMessageWithReaders(row, view)) };
  },
});

async function readBefore(
  store: ChatStore,
  conversation: ConversationId,
  query: Query,
): Promise<number | undefined | 'nowhere'> {
  const messageId = query.text('beforeId');
  if (messageId !== undefined) {
    const row = await store.message(messageId);
    return row?.conversationId === conversation ? row.number : 'nowhere';
  }
  const before = query.integer(['before'], { default: 0, min: 1, max: Number.MAX_SAFE_INTEGER });
  return before === 0 ? undefined : before;
}
