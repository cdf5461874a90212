import type { MessageFeed } from '#shared/contract/chat-dto.ts';
import { formatCursor, parseCursor } from '#shared/contract/cursor.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import { asConversationId, type ConversationId } from '#shared/contract/ids.ts';
import { resumeAfter } from '#shared/stream/feed.ts';
import { toMessageChange } from '../domain/present.ts';
import type { ChatStore } from '../store/chat-store.ts';
import { noConversation, viewOf } from './access.ts';
import { readLimit } from './read-limit.ts';
import { route } from './route.ts';

/** `?after=<cursor>` (absent: from the beginning), `?limit=` (default 100, capped at 500). */
export const readFeed = route({
  method: 'get',
  path: '/api/chat/conversations/:id/feed',
  query: ['after', 'limit'],
  async answer({ store }, { user, param, query }) {
    const limit = readLimit(query, { default: 100, cap: 500 });
    const after = query.text('after');
    const id = asConversationId(param('id'));
    if (!id) throw noConversation();
    const feed = await feedOf(store, id, after, limit);
    // Looked up after the rows: then none of them is from after the caller left.
    await viewOf(store, id, user);
    return { body: feed };
  },
});

async function feedOf(
  store: ChatStore,
  id: ConversationId,
  text: string | undefined,
  limit: number,
): Promise<MessageFeed> {
  const cursor = text === undefined ? undefined : parseCursor(text);
  if (text !== undefined && !cursor) throw new PlatformError('bad_request', 'after must be a cursor that we gave out');
  const epoch = await store.epoch();
  const after = resumeAfter(cursor, epoch);
  if (after === undefined) {
    const [head] = await store.heads([id]);
    const end = formatCursor({ epoch, seq: head?.seq ?? 0 });
    return { changes: [], cursor: end, head: end, reload: true };
  }
  const feed = await store.changes(id, after, limit);
  return {
    changes: feed.rows.map(toMessageChange),
    cursor: formatCursor({ epoch, seq: feed.through }),
    head: formatCursor({ epoch, seq: feed.head.seq }),
    reload: feed.reload,
  };
}
