import type { ChatSync } from '#shared/contract/chat-dto.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { toConversationDto } from '../domain/present.ts';
import { formatSyncToken, parseSyncToken, type SyncToken } from '../domain/sync-token.ts';
import type { ChatStore } from '../store/chat-store.ts';
import { readLimit } from './read-limit.ts';
import { route } from './route.ts';

/** A change is seen by the store's clock a moment before it can be read; what is told twice does no harm. */
const overlapMs = 10_000;

/** `?token=` what the last answer said, `?limit=` conversations in one answer (default 100, capped at 500). */
export const sync = route({
  method: 'get',
  path: '/api/chat/sync',
  query: ['token', 'limit'],
  async answer({ store }, { user, query }) {
    const limit = readLimit(query, { default: 100, cap: 500 });
    const text = query.text('token');
    const token = text === undefined ? undefined : parseSyncToken(text);
    if (text !== undefined && !token) throw new PlatformError('bad_request', 'token must be one that we gave out');
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
  const round = token?.after && !reload ? token : await beginRound(store, epoch, reload ? undefined : token);
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

async function beginRound(store: ChatStore, epoch: string, token: SyncToken | undefined): Promise<SyncToken> {
  const next = Math.max(0, (await store.now()) - overlapMs);
  // A clock that was set back must not hide what happens until it has caught up.
  return { epoch, since: Math.min(token?.since ?? 0, next), next, after: undefined };
}
