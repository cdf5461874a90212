import { RateLimiterRedis } from 'rate-limiter-flexible';
import { openRedisClient, replaceConnection } from '#shared/backplane/redis-client.ts';
import { redisPrefix } from '#shared/contract/names.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { countersOf, verdictOf } from './counted.ts';
import type { Limit, SharedLimiter } from './rate-limiter.ts';

export type RedisLimiterOptions = {
  /** `redis://` or `rediss://`, with ACL user and password where needed. */
  readonly url: string;
  readonly log: Logger;
  /** Before the names of all keys. @default 'sonixy:limit:' */
  readonly keyPrefix?: string;
  /** A command without an answer for so long has failed. @default 1,000 */
  readonly timeoutMs?: number;
};

const lookLimit: Limit = { name: 'look', points: 1_000_000, windowSeconds: 1 };

/** Counts in Redis, in one atomic step a call. Connects in the background; rejects at once while it is not connected. */
export function connectRedisLimiter(options: RedisLimiterOptions): SharedLimiter {
  const { url, log, keyPrefix = `${redisPrefix}limit:`, timeoutMs = 1_000 } = options;
  const client = openRedisClient({ url, purpose: 'limits', commandTimeoutMs: timeoutMs, log });
  const counterOf = countersOf(
    ({ name, points, windowSeconds }) =>
      new RateLimiterRedis({
        storeClient: client,
        rejectIfRedisNotReady: true,
        keyPrefix: keyPrefix + name,
        points,
        duration: windowSeconds,
        // A key that is over its limit costs Redis nothing more until its window ends.
        inMemoryBlockOnConsumed: points + 1,
      }),
  );
  return {
    consume: (limit, key) => verdictOf(counterOf(limit).consume(key)),
    async look() {
      try {
        await counterOf(lookLimit).consume('');
      } catch (error) {
        // It may be half-open: a new one costs little.
        replaceConnection(client);
        throw error;
      }
    },
    async close() {
      client.disconnect();
    },
  };
}
