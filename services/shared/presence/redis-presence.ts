import type { ChainableCommander } from 'ioredis';
import { openRedisClient } from '#shared/backplane/redis-client.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { redisPrefix } from '#shared/contract/names.ts';
import { type Clock, systemClock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { defaultPresenceTtlMs, type Presence } from './presence.ts';

export type RedisPresenceOptions = {
  /** `redis://` or `rediss://`. */
  readonly url: string;
  /** Unique among all workers, also over restarts. */
  readonly worker: string;
  readonly log: Logger;
  readonly clock?: Clock;
  /** @default 60,000 */
  readonly ttlMs?: number;
  /** A command without an answer for so long has failed. @default 3,000 */
  readonly timeoutMs?: number;
};

/** Users in one pipeline. */
const maxBatch = 1_000;

/**
 * Per user a sorted set of workers by the time until which they count; the key itself expires with the last of them. Times
 * are the workers' own: clocks that differ by less than the time to live do no harm.
 */
export function connectRedisPresence(options: RedisPresenceOptions): Presence {
  const { url, worker, log, clock = systemClock, ttlMs = defaultPresenceTtlMs, timeoutMs = 3_000 } = options;
  const client = openRedisClient({ url, purpose: 'presence', commandTimeoutMs: timeoutMs, log });

  async function each(
    users: readonly UserId[],
    command: (pipeline: ChainableCommander, key: string) => void,
  ): Promise<unknown[]> {
    const results: unknown[] = [];
    for (let from = 0; from < users.length; from += maxBatch) {
      if (client.status !== 'ready') throw unavailable();
      const pipeline = client.pipeline();
      for (const user of users.slice(from, from + maxBatch)) command(pipeline, keyOf(user));
      const answers = await pipeline.exec().catch(() => null);
      for (const [error, result] of answers ?? [[unavailable(), null]]) {
        // The library's error carries the command.
        if (error) throw unavailable();
        results.push(result);
      }
    }
    return results;
  }

  return {
    ttlMs,
    async beat(users) {
      const until = clock.now() + ttlMs;
      await each(users, (pipeline, key) => pipeline.zadd(key, until, worker).pexpire(key, ttlMs));
    },
    async leave(users) {
      await each(users, (pipeline, key) => pipeline.zrem(key, worker));
    },
    async online(users) {
      const now = clock.now();
      const counts = await each(users, (pipeline, key) => pipeline.zcount(key, `(${now}`, '+inf'));
      return new Set(users.filter((_user, index) => Number(counts[index]) > 0));
    },
    async close() {
      client.disconnect();
    },
  };
}

const keyOf = (user: UserId) => `${redisPrefix}presence:${user}`;

function unavailable(): PlatformError {
  return new PlatformError('unavailable', 'presence cannot be read now');
}
