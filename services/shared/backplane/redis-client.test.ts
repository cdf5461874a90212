import { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';
import { startRedis } from '#test/dev-env/redis.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { comeBackTogether } from './redis-client.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const it of open.splice(0).reverse()) await it[Symbol.asyncDispose]();
});

/** Waits so long after each failure. */
function patient(url: string, waitMs: number): Redis {
  const client = new Redis(url, { retryStrategy: () => waitMs, enableOfflineQueue: false, enableReadyCheck: false });
  client.on('error', () => undefined);
  open.push({ [Symbol.asyncDispose]: async () => client.disconnect() });
  return client;
}

const becomes = (client: Redis, status: string) =>
  eventually(() => (client.status === status ? undefined : `it is ${client.status}`));

describeWithServer('redis', 'connections to one Redis', () => {
  it('come back as soon as one of them does, and stay apart where nobody joined them', async () => {
    const server = await startRedis();
    open.push(server);
    const [quick, joined, alone] = [50, 3_600_000, 3_600_000].map((waitMs) => patient(server.url, waitMs)) as [
      Redis,
      Redis,
      Redis,
    ];
    comeBackTogether([quick, joined]);
    for (const client of [quick, joined, alone]) await becomes(client, 'ready');
    await server.kill();
    for (const client of [joined, alone]) await becomes(client, 'reconnecting');
    await server.restart();
    for (const client of [quick, joined]) await becomes(client, 'ready');
    expect(await joined.ping()).toBe('PONG');
    expect(alone.status).toBe('reconnecting');
  });
});
