import { z } from 'zod';
import type { InternalTokens } from '#shared/auth/internal-tokens.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import type { FriendGraph } from './friend-graph.ts';

export type HttpFriendGraphOptions = {
  /** Takes a POST of `{userId, otherIds}` and answers `{friendIds}`: those of the others with whom he may talk. */
  readonly url: string;
  readonly tokens: InternalTokens;
  /** A call without a whole answer for so long has failed. @default 2,000 */
  readonly timeoutMs?: number;
};

const answer = z.object({ friendIds: z.array(z.string()) });

/** Asks the service that knows who follows whom. Whoever it does not name is a stranger. */
export function createHttpFriendGraph({ url, tokens, timeoutMs = 2_000 }: HttpFriendGraphOptions): FriendGraph {
  async function friendsAmong(userId: string, otherIds: readonly string[]): Promise<ReadonlySet<string>> {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { authorization: `Bearer ${await tokens.issue()}`, 'content-type': 'application/json' },
        body: JSON.stringify({ userId, otherIds }),
        signal: AbortSignal.timeout(timeoutMs),
        redirect: 'error',
      });
      if (!response.ok) {
        await response.body?.cancel();
        throw new Error(`it answered ${response.status}`);
      }
      return new Set(answer.parse(await response.json()).friendIds);
    } catch (cause) {
      throw new PlatformError('unavailable', 'the service that knows who follows whom does not answer', { cause });
    }
  }

  return {
    async strangersAmong(user, others) {
      if (others.length === 0) return [];
      const friends = await friendsAmong(user, others);
      return others.filter((other) => !friends.has(other));
    },
  };
}
