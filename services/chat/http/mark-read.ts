import { PlatformError } from '#shared/contract/errors.ts';
import type { ConversationId } from '#shared/contract/ids.ts';
import type { Query } from '#shared/http/query.ts';
import type { ChatStore } from '../store/chat-store.ts';
import { noConversation, noMessage, viewOf } from './access.ts';
import { route } from './route.ts';

/** `?messageId=` or `?number=`: everything up to it is read. Never goes back. */
export const markRead = route({
  method: 'post',
  path: '/api/chat/conversations/:id/read',
  query: ['messageId', 'number'],
  async answer({ store, signals }, { user, param, query }) {
    const view = await viewOf(store, param('id'), user);
    const { id } = view.conversation;
    const marked = await store.markRead(id, user, await readThrough(store, id, query));
    if (!marked) throw noConversation();
    if (marked.changed) signals.read(view, marked.readThrough);
    return { body: {} };
  },
});

async function readThrough(store: ChatStore, conversation: ConversationId, query: Query): Promise<number> {
  const messageId = query.text('messageId');
  if (messageId !== undefined) {
    const row = await store.message(messageId);
    if (row?.conversationId !== conversation) throw noMessage();
    return row.number;
  }
  if (query.text('number') === undefined) throw new PlatformError('bad_request', 'messageId or number is required');
  return query.integer(['number'], { default: 0, min: 0, max: Number.MAX_SAFE_INTEGER });
}
