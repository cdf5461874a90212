import { randomUUID } from 'node:crypto';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { sharedRedis } from '#test/dev-env/shared.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { bearerOf, startGateway, startService, type TestGateway, tokenOf, upgrade } from '../gateway.fixture.ts';
import { createLimiterWithFallback } from './limiter-with-fallback.ts';
import { createMemoryLimiter } from './memory-limiter.ts';
import type { RateLimiter } from './rate-limiter.ts';
import { connectRedisLimiter } from './redis-limiter.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const it of open.splice(0).reverse()) await it[Symbol.asyncDispose]();
});

async function use<T extends AsyncDisposable>(starting: Promise<T>): Promise<T> {
  const started = await starting;
  open.push(started);
  return started;
}

async function start(options: Parameters<typeof startGateway>[0]) {
  const service = await use(startService());
  const services = { notification: service.url, chat: service.url, hub: service.url };
  return { service, gateway: await use(startGateway({ services, ...options })) };
}

const statusOf = async (gateway: TestGateway, path: string, init: RequestInit = {}, user = 'alice') => {
  const headers = { ...(await bearerOf(user)), ...init.headers };
  const answer = await fetch(gateway.url + path, { ...init, headers });
  await answer.body?.cancel();
  return answer.status;
};

describe('rates', () => {
  it('let n requests of a user through and answer the next with 429, Retry-After and the limit', async () => {
    const { gateway, service } = await start({ limits: { readsPerMinute: 3 } });
    const answers: Response[] = [];
    for (let count = 0; count < 4; count += 1) {
      answers.push(await fetch(`${gateway.url}/api/notifications`, { headers: await bearerOf('alice') }));
    }
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    const states = answers.map(({ headers }) => headers.get('ratelimit'));
    expect(states.map((state) => /^"notifications-reads";r=(\d+);t=\d+$/.exec(state ?? '')?.[1])).toEqual([
      '2',
      '1',
      '0',
      '0',
    ]);
    const [first, , , refused] = answers;
    expect(first?.headers.get('ratelimit-policy')).toBe('"notifications-reads";q=3;w=60');
    expect(first?.headers.has('retry-after')).toBe(false);
    const retryAfter = Number(refused?.headers.get('retry-after'));
    expect(retryAfter).toBeGreaterThanOrEqual(1);
    expect(retryAfter).toBeLessThanOrEqual(60);
    expect(await refused?.json()).toEqual({
      error: 'Rate limit exceeded. Please try again later.',
      code: 'rate_limited',
      correlationId: refused?.headers.get('x-correlation-id'),
    });
    expect(service.requests).toHaveLength(3);
    expect(gateway.logged()).toContain('"audit":"rate_limited"');
    expect(await gateway.metrics.registry.metrics()).not.toContain('alice');
  });

  it('count users, routes, reads and writes apart', async () => {
    const { gateway } = await start({ limits: { readsPerMinute: 1, writesPerMinute: 1 } });
    const all = async () => [
      await statusOf(gateway, '/api/notifications'),
      await statusOf(gateway, '/api/notifications/5/read', { method: 'PUT' }),
      await statusOf(gateway, '/api/chat/conversations'),
      await statusOf(gateway, '/api/chat/messages', { method: 'POST' }),
      await statusOf(gateway, '/api/notifications', {}, 'bob'),
    ];
    expect(await all()).toEqual([200, 200, 200, 200, 200]);
    expect(await all()).toEqual([429, 429, 429, 429, 429]);
    expect(await statusOf(gateway, '/api/notifications/unread-count', { method: 'HEAD' })).toBe(429);
    expect(await statusOf(gateway, '/api/notifications', {}, 'carol')).toBe(200);
  });

  it('count the connections that a user begins, not the requests of one', async () => {
    const { gateway } = await start({ limits: { connectsPerMinute: 2, readsPerMinute: 1 } });
    const negotiate = () => statusOf(gateway, '/hubs/notifications/negotiate?id=x', { method: 'POST' });
    const token = await tokenOf('alice');
    const connect = async () => (await upgrade(`${gateway.url}/hubs/notifications?access_token=${token}`)).status;
    expect([await negotiate(), await connect()]).toEqual([200, 200]);
    expect([await negotiate(), await connect()]).toEqual([429, 429]);
    for (let count = 0; count < 5; count += 1) {
      expect(await statusOf(gateway, '/hubs/notifications?id=x')).toBe(200);
      expect((await upgrade(`${gateway.url}/hubs/notifications?ID=x&access_token=${token}`)).status).toBe(200);
    }
  });

  it('count by address whoever shows no token', async () => {
    const { gateway } = await start({ limits: { anonymousConnectsPerMinute: 2 }, trusted: ['127.0.0.1'] });
    const connect = (address: string, query = '') =>
      fetch(`${gateway.url}/socket.io/?EIO=4&transport=polling${query}`, {
        headers: { 'x-forwarded-for': address },
      }).then(({ status }) => status);
    expect([await connect('192.0.2.1'), await connect('192.0.2.1'), await connect('192.0.2.1')]).toEqual([
      200, 200, 429,
    ]);
    expect(await connect('192.0.2.2')).toBe(200);
    expect(await connect('192.0.2.1', '&sid=abc')).toBe(200);
    expect([await connect('2001:db8::1'), await connect('2001:db8:0:0:ffff::2'), await connect('2001:db8::3')]).toEqual(
      [200, 200, 429],
    );
    expect(await connect('2001:db8:0:1::1')).toBe(200);
  });

  it('count refused tokens by address: n are 401, the next 429, and a good token passes', async () => {
    const { gateway, service } = await start({ limits: { failuresPerMinute: 2 } });
    const call = (authorization: string) =>
      fetch(`${gateway.url}/api/notifications`, { headers: { authorization } }).then(({ status }) => status);
    expect([await call('Bearer x'), await call('Bearer y'), await call('Bearer z')]).toEqual([401, 401, 429]);
    expect((await upgrade(`${gateway.url}/hubs/notifications?access_token=x`)).status).toBe(429);
    expect(await statusOf(gateway, '/api/notifications')).toBe(200);
    expect(service.requests).toHaveLength(1);
  });

  it('count what a hub refuses of those whom the gateway could not know', async () => {
    const service = await use(startService((_request, response) => response.writeHead(400).end()));
    const gateway = await use(startGateway({ services: { hub: service.url }, limits: { failuresPerMinute: 1 } }));
    const poll = () =>
      fetch(`${gateway.url}/socket.io/?EIO=4&transport=polling&sid=forged`).then(({ status }) => status);
    await eventually(async () => ((await poll()) === 429 ? undefined : 'still passed on'));
    const asked = service.requests.length;
    expect(asked).toBeGreaterThan(10);
    expect(await poll()).toBe(429);
    expect(service.requests).toHaveLength(asked);
  });
});

it('leave nothing behind of a client that goes while it is counted', async () => {
  const counting = Promise.withResolvers<void>();
  let asked = 0;
  const service = await use(startService());
  const local = createMemoryLimiter();
  const limiter: RateLimiter = {
    ...local,
    async consume(limit, key) {
      asked += 1;
      if (asked === 1) await counting.promise;
      return local.consume(limit, key);
    },
  };
  const gateway = await use(startGateway({ services: { hub: service.url }, limiter }));
  const path = `${gateway.url}/socket.io/?EIO=4&transport=polling`;
  const leaving = new AbortController();
  const calling = fetch(path, { signal: leaving.signal });
  await eventually(() => (asked === 1 ? undefined : 'not counted yet'));
  leaving.abort();
  await expect(calling).rejects.toThrow();
  await eventually(() => (gateway.logged().includes('"finished":false') ? undefined : 'the gateway has not heard'));
  counting.resolve();
  expect((await fetch(path)).status).toBe(200);
  expect(service.requests).toHaveLength(1);
  expect(await gateway.metrics.registry.getSingleMetricAsString('gateway_held_connections')).toMatch(/ 0$/m);
});

describeWithServer('redis', 'rates of two gateways on one Redis', () => {
  let url: string;
  beforeAll(async () => {
    ({ url } = await sharedRedis());
  });

  it('add up: n of both together, and no more', async () => {
    const log = createLogger({ name: 'test', level: 'silent' });
    const user = `alice-${randomUUID()}`;
    const gateways = await Promise.all(
      [1, 2].map(async () => {
        const shared = connectRedisLimiter({ url, log, timeoutMs: 10_000 });
        const limiter = createLimiterWithFallback({ shared, local: createMemoryLimiter(), clock: systemClock, log });
        await eventually(() => (limiter.counting === 'shared' ? undefined : 'not connected'));
        return (await start({ limiter, limits: { readsPerMinute: 10 } })).gateway;
      }),
    );
    const statuses = await Promise.all(
      Array.from({ length: 11 }, async (_, index) => {
        const gateway = gateways[index % 2];
        return gateway ? statusOf(gateway, '/api/notifications', {}, user) : 0;
      }),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(10);
    expect(statuses.filter((status) => status === 429)).toHaveLength(1);
  });
});
