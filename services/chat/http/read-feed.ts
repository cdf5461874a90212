import { z } from 'zod';
import type { MessageFeed } from '#shared/contract/chat-dto.ts';
import { type Cursor, formatCursor, parseCursor } from '#shared/contract/cursor.ts';
import { asConversationId, type ConversationId } from '#shared/contract/ids.ts';
import { limitField, parsedField } from '#shared/http/query-fields.ts';
import { messageFeed } from '#shared/schemas/chat.ts';
import { resumeAfter } from '#shared/stream/feed.ts';
import { toMessageChange } from '../domain/present.ts';
import type { ChatStore } from '../store/chat-store.ts';
import { noConversation, viewOf } from './access.ts';
import { ofConversation } from './params.ts';
import { route } from './route.ts';

/** `?after=<cursor>` (absent: from the beginning), `?limit=` (default 100, capped at 500). */
export const readFeed = route({
  method: 'get',
  path: '/api/chat/conversations/:id/feed',
  name: 'readMessageFeed',
  tag: 'messages',
  summary: 'What changed in a conversation after a cursor, oldest change first',
  params: ofConversation,
  query: z.object({
    after: parsedField(parseCursor, 'must be a cursor that we gave out')
      .meta({ description: 'absent: from the beginning' })
      .optional(),
    limit: limitField({ default: 100, cap: 500 }),
  }),
  answers: { 200: messageFeed },
  refuses: ['not_found'],
  async answer({ store }, { user, params, query: { after, limit } }) {
    const id = asConversationId(params.id);
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
  cursor: Cursor | undefined,
  limit: number,
): Promise<MessageFeed> {
  const epoch = await store.epoch();
  const after = resumeAfter(cursor, epoch);
  if (after === undefined) {
    const [head] = await store.heads([id]);
    const end = formatCursor({ epoch, seq: head?.seq ?? 0 });
    return { changes: [], cursor: end, head: end, reload: true };
  }
  // Before the rows are read: what is deleted later, this reader may know.
  const since = after === 0 ? (await store.heads([id]))[0]?.seq : cursor?.since;
  const feed = await store.changes(id, after, limit, since);
  return {
    changes: feed.rows.map(toMessageChange),
    cursor: formatCursor({ epoch, seq: feed.through, ...(since !== undefined && { since }) }),
    head: formatCursor({ epoch, seq: feed.head.seq }),
    reload: feed.reload,
  };
}
