import { z } from 'zod';
import { limitField, parsedField } from '#shared/http/query-fields.ts';
import { conversationDto } from '#shared/schemas/chat.ts';
import { formatPlace, parseConversationPlace } from '../domain/list-place.ts';
import { toConversationDto } from '../domain/present.ts';
import { route } from './route.ts';

/** `?limit=` (default 100, capped at 500), `?before=` what the last page's `X-Next-Before` said. */
export const listConversations = route({
  method: 'get',
  path: '/api/chat/conversations',
  name: 'listConversations',
  tag: 'conversations',
  summary: 'List the own conversations, latest first',
  query: z.object({
    limit: limitField({ default: 100, cap: 500 }),
    before: parsedField(parseConversationPlace, 'must be a place that we gave out')
      .meta({ description: 'what `X-Next-Before` of the last page said' })
      .optional(),
  }),
  answers: { 200: z.array(conversationDto) },
  headers: { 'X-Next-Before': '`before` of the next page; absent at the end' },
  refuses: [],
  async answer({ store }, { user, query: { limit, before } }) {
    const epoch = await store.epoch();
    const views = await store.views(user, { before, limit });
    const last = views.length === limit ? views.at(-1)?.conversation : undefined;
    return {
      headers: last ? { 'X-Next-Before': formatPlace(last.lastMessageAt, last.id) } : {},
      body: views.map((view) => toConversationDto(view, epoch)),
    };
  },
});
