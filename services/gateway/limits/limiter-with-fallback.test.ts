import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { startRedis } from '#test/dev-env/redis.ts';
import type { Server } from '#test/dev-env/server.ts';
import { startTcpProxy, type TcpProxy } from '#test/dev-env/tcp-proxy.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { createLimiterWithFallback, type LimiterWithFallback } from './limiter-with-fallback.ts';
import { createMemoryLimiter } from './memory-limiter.ts';
import { describeRateLimiter } from './rate-limiter.contract.ts';
import { connectRedisLimiter } from './redis-limiter.ts';

const lines: string[] = [];
const log = createLogger({ name: 'test', level: 'trace', destination: { write: (line) => void lines.push(line) } });
const open: AsyncDisposable[] = [];

function start(url: string): LimiterWithFallback {
  const shared = connectRedisLimiter({ url, log, timeoutMs: 2_000 });
  const limiter = createLimiterWithFallback({ shared, local: createMemoryLimiter(), clock, log, retryEveryMs: 50 });
  open.push({ [Symbol.asyncDispose]: () => limiter.close() });
  return limiter;
}

afterEach(async () => {
  for (const it of open.splice(0)) await it[Symbol.asyncDispose]();
});

const counts = (limiter: LimiterWithFallback, how: 'shared' | 'local') =>
  eventually(() => (limiter.counting === how ? undefined : `counts ${limiter.counting}`), { timeoutMs: 30_000 });

describeWithServer('redis', 'a limiter with fallback', () => {
  let redis: Server;
  let proxy: TcpProxy;
  beforeAll(async () => {
    redis = await startRedis();
    proxy = await startTcpProxy({ port: redis.port });
  });
  afterAll(async () => {
    await proxy[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    redis.cont();
    await proxy.heal();
  });

  describeRateLimiter('with fallback, connected', { shared: true }, async () => {
    const limiter = start(redis.url);
    await counts(limiter, 'shared');
    return limiter;
  });

  const outages: Record<string, () => unknown> = {
    refuses() {
      proxy.refuse();
      proxy.cut('reset');
    },
    'is frozen': () => redis.stopProcess(),
    'is behind a cable that was pulled': () => proxy.blackhole(),
    'is half-open': () => proxy.halfOpen(),
  };

  it.each(Object.entries(outages))(
    'counts alone while Redis %s, and together again when it is back',
    async (what, fail) => {
      const limit = { name: what.replaceAll(' ', '-'), points: 2, windowSeconds: 600 };
      const [one, other] = [start(proxy.through(redis.url)), start(redis.url)];
      await counts(one, 'shared');
      await counts(other, 'shared');
      expect(
        [await one.consume(limit, 'alice'), await other.consume(limit, 'alice')].map(({ allowed }) => allowed),
      ).toEqual([true, true]);
      expect(await one.consume(limit, 'alice')).toMatchObject({ allowed: false });
      await fail();
      // Nobody is refused because of it: the local count begins at 0, and has the same limit.
      expect(await one.consume(limit, 'bob')).toMatchObject({ allowed: true, remaining: 1 });
      expect(one.counting).toBe('local');
      expect(await one.consume(limit, 'bob')).toMatchObject({ allowed: true });
      expect(await one.consume(limit, 'bob')).toMatchObject({ allowed: false });
      expect(lines.join('')).toContain('Redis does not answer');
      redis.cont();
      await proxy.heal();
      await counts(one, 'shared');
      await counts(other, 'shared');
      expect(await other.consume(limit, 'carol')).toMatchObject({ remaining: 1 });
      expect(await one.consume(limit, 'carol')).toMatchObject({ remaining: 0 });
    },
  );

  it('counts alone before there is a Redis, and where its user may not count', async () => {
    const nowhere = start('redis://127.0.0.1:1');
    expect(await nowhere.consume({ name: 'x', points: 1, windowSeconds: 600 }, 'alice')).toMatchObject({
      allowed: true,
    });
    const denied = start(redis.url.replace('redis://', 'redis://nobody:canary-password@'));
    expect(await denied.consume({ name: 'x', points: 1, windowSeconds: 600 }, 'alice')).toMatchObject({
      allowed: true,
    });
    await counts(start(redis.url), 'shared');
    expect([nowhere.counting, denied.counting]).toEqual(['local', 'local']);
    expect(lines.join('')).not.toContain('canary-password');
  });
});
