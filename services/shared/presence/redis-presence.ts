import type { ChainableCommander } from 'ioredis';
import { openRedisClient } from '#shared/backplane/redis-client.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { redisPrefix } from '#shared/contract/names.ts';
import { type Clock, systemClock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { defaultPresenceTtlMs, type Presence } from './presence.ts';
import { elsewhereOf, formatCount } from './redis-counts.ts';

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
 * Per user a sorted set of workers by the time until which they count, and a hash of how many connections each has until
 * when; a key itself expires with the last of them. Times are the workers' own: clocks that differ by less than the time
 * to live do no harm.
 */
export function connectRedisPresence(options: RedisPresenceOptions): Presence {
  const { url, worker, log, clock = systemClock, ttlMs = defaultPresenceTtlMs, timeoutMs = 3_000 } = options;
  const client = openRedisClient({ url, purpose: 'presence', commandTimeoutMs: timeoutMs, log });

  /** The answers to all commands, in order. */
  async function each(
    users: readonly UserId[],
    command: (pipeline: ChainableCommander, user: UserId) => void,
  ): Promise<unknown[]> {
    const results: unknown[] = [];
    for (let from = 0; from < users.length; from += maxBatch) {
      if (client.status !== 'ready') throw unavailable();
      const pipeline = client.pipeline();
      for (const user of users.slice(from, from + maxBatch)) command(pipeline, user);
      const answers = await pipeline.exec().catch(() => null);
      for (const [error, result] of answers ?? [[unavailable(), null]]) {
        // The library's error carries the command.
        if (error) throw unavailable();
        results.push(result);
      }
    }
    return results;
  }

  /** Of workers that died: others keep the keys alive. */
  function sweep(user: UserId, dead: readonly string[]): void {
    if (dead.length === 0) return;
    const swept = client.pipeline().hdel(countsOf(user), ...dead);
    swept
      .zrem(onlineOf(user), ...dead)
      .exec()
      .catch(() => {});
  }

  return {
    ttlMs,
    async beat(users) {
      const until = clock.now() + ttlMs;
      await each(users, (pipeline, user) =>
        pipeline.zadd(onlineOf(user), until, worker).pexpire(onlineOf(user), ttlMs),
      );
    },
    async leave(users) {
      await each(users, (pipeline, user) => pipeline.zrem(onlineOf(user), worker));
    },
    async online(users) {
      const now = clock.now();
      const counts = await each(users, (pipeline, user) => pipeline.zcount(onlineOf(user), `(${now}`, '+inf'));
      return new Set(users.filter((_user, index) => Number(counts[index]) > 0));
    },
    async count(here) {
      const now = clock.now();
      const users = [...here.keys()];
      const answers = await each(users, (pipeline, user) => {
        const [key, count] = [countsOf(user), here.get(user) ?? 0];
        if (count > 0) pipeline.hset(key, worker, formatCount({ count, until: now + ttlMs }));
        else pipeline.hdel(key, worker);
        pipeline.pexpire(key, ttlMs).hgetall(key);
      });
      return new Map(
        users.map((user, index) => {
          const said = answers[index * 3 + 2] as Record<string, string>;
          const { connections, dead } = elsewhereOf(said, { worker, now, ttlMs });
          sweep(user, dead);
          return [user, connections];
        }),
      );
    },
    async close() {
      client.disconnect();
    },
  };
}

const onlineOf = (user: UserId) => `${redisPrefix}presence:${user}`;
const countsOf = (user: UserId) => `${redisPrefix}connections:${user}`;

function unavailable(): PlatformError {
  return new PlatformError('unavailable', 'presence cannot be read now');
}
