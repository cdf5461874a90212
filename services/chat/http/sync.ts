import { z } from 'zod';
import type { ChatSync } from '#shared/contract/chat-dto.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { limitField, parsedField } from '#shared/http/query-fields.ts';
import { chatSync } from '#shared/schemas/chat.ts';
import { toConversationDto } from '../domain/present.ts';
import { beginRound, formatSyncToken, parseSyncToken, type SyncToken } from '../domain/sync-token.ts';
import type { ChatStore } from '../store/chat-store.ts';
import { route } from './route.ts';

/** `?token=` what the last answer said, `?limit=` conversations in one answer (default 100, capped at 500). */
export const sync = route({
  method: 'get',
  path: '/api/chat/sync',
  name: 'syncConversations',
  tag: 'conversations',
  summary: 'What moved in the own conversations since the last call',
  query: z.object({
    token: parsedField(parseSyncToken, 'must be one that we gave out')
      .meta({ description: 'what the last answer said; absent: everything' })
      .optional(),
    limit: limitField({ default: 100, cap: 500 }).meta({ description: 'conversations in one answer, at most 500' }),
  }),
  answers: { 200: chatSync },
  refuses: [],
  async answer({ store }, { user, query: { token, limit } }) {
    return { body: await synchronise(store, user, token, limit) };
  },
});

async function synchronise(
  store: ChatStore,
  user: UserId,
  token: SyncToken | undefined,
  limit: number,
): Promise<ChatSync> {
  const epoch = await store.epoch();
  const reload = token !== undefined && token.epoch !== epoch;
  const begin = async () => beginRound(epoch, await store.now(), reload ? undefined : token);
  const round = token?.after && !reload ? token : await begin();
  const { views, left, next } = await store.viewsSince(user, round.since, { after: round.after, limit });
  const following: SyncToken = next ? { ...round, after: next } : { ...round, since: round.next, after: undefined };
  return {
    token: formatSyncToken(following),
    conversations: views.map((view) => toConversationDto(view, epoch)),
    left: round.since === 0 ? [] : left,
    more: next !== undefined,
    reload,
  };
}
