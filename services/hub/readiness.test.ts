import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '#test/dev-env/free-port.ts';
import { type Service, startService } from '#test/dev-env/process.ts';
import { startRedis } from '#test/dev-env/redis.ts';
import type { Server } from '#test/dev-env/server.ts';
import { startTcpProxy, type TcpProxy } from '#test/dev-env/tcp-proxy.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';

type Report = { readonly status: number; readonly backplane: { readonly ready: boolean; readonly detail: string } };

describeWithServer('redis', 'readiness of a hub process', () => {
  let redis: Server;
  let proxy: TcpProxy;
  let admin: Redis;
  let service: Service;
  let opsUrl: string;

  beforeAll(async () => {
    redis = await startRedis();
    proxy = await startTcpProxy({ port: redis.port });
    admin = new Redis(redis.url);
    const rules = ['reset', 'on', '>password', 'resetchannels', '~*', '&*', '+@all'];
    await admin.call('ACL', 'SETUSER', 'hub', ...rules);
    const [port, opsPort] = [await freePort(), await freePort()];
    opsUrl = `http://127.0.0.1:${opsPort}`;
    const secret = randomBytes(32).toString('base64');
    service = await startService({
      main: 'services/hub/main.ts',
      env: {
        HOST: '127.0.0.1',
        PORT: String(port),
        OPS_PORT: String(opsPort),
        REDIS_URL: proxy.through(redis.url).replace('redis://', 'redis://hub:password@'),
        NOTIFICATION_URL: `http://127.0.0.1:${await freePort()}`,
        INTERNAL_SECRET: secret,
        JWT_HS256_SECRET: secret,
        HUB_ID_KEYS: `1:${secret}`,
      },
      readyUrl: `${opsUrl}/readyz`,
    });
  });

  afterAll(async () => {
    admin?.disconnect();
    await Promise.all([service, proxy, redis].map((it) => it?.[Symbol.asyncDispose]()));
  });

  async function report(): Promise<Report> {
    const response = await fetch(`${opsUrl}/readyz`);
    const { parts } = (await response.json()) as { parts: { backplane: Report['backplane'] } };
    return { status: response.status, backplane: parts.backplane };
  }

  const becomes = (wanted: { status: number; ready: boolean }) =>
    eventually(
      async () => {
        const { status, backplane } = await report();
        return status === wanted.status && backplane.ready === wanted.ready
          ? undefined
          : `${status}, backplane ${JSON.stringify(backplane)}`;
      },
      { timeoutMs: 60_000 },
    );

  it('is lost with its own subscription while Redis answers, and comes back without a restart (L1)', async () => {
    await becomes({ status: 200, ready: true });
    await admin.call('ACL', 'SETUSER', 'hub', '-subscribe');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await becomes({ status: 503, ready: false });
    expect((await report()).backplane.detail).toContain('our own subscription is dead');
    await admin.call('ACL', 'SETUSER', 'hub', '+subscribe');
    await becomes({ status: 200, ready: true });
  }, 180_000);

  it('stays through what all workers share, half-open connections and a dead Redis, which it names', async () => {
    await becomes({ status: 200, ready: true });
    const { pid } = service;
    proxy.halfOpen();
    await becomes({ status: 200, ready: false });
    await becomes({ status: 200, ready: true });
    await redis.kill();
    await becomes({ status: 200, ready: false });
    expect((await report()).backplane.detail).toContain('Redis');
    expect([service.running, service.pid]).toEqual([true, pid]);
  }, 180_000);
});
