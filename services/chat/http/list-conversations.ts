import { PlatformError } from '#shared/contract/errors.ts';
import { formatPlace, parseConversationPlace } from '../domain/list-place.ts';
import { toConversationDto } from '../domain/present.ts';
import { readLimit } from './read-limit.ts';
import { route } from './route.ts';

/** `?limit=` (default 100, capped at 500), `?before=` what the last page's `X-Next-Before` said. */
export const listConversations = route({
  method: 'get',
  path: '/api/chat/conversations',
  query: ['limit', 'before'],
  async answer({ store }, { user, query }) {
    const limit = readLimit(query, { default: 100, cap: 500 });
    const text = query.text('before');
    const before = text === undefined ? undefined : parseConversationPlace(text);
    if (text !== undefined && !before)
      throw new PlatformError('bad_request', 'before must be a place that we gave out');
    const epoch = await store.epoch();
    const views = await store.views(user, { before, limit });
    const last = views.length === limit ? views.at(-1)?.conversation : undefined;
    return {
      headers: last ? { 'X-Next-Before': formatPlace(last.lastMessageAt, last.id) } : {},
      body: views.map((view) => toConversationDto(view, epoch)),
    };
  },
});
