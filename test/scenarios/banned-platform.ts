import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInternalTokens } from '#shared/auth/internal-tokens.ts';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { systemClock } from '#shared/runtime/clock.ts';
import { freePort } from '#test/dev-env/free-port.ts';
import { startService } from '#test/dev-env/process.ts';
import { type RabbitMq, startRabbitMq } from '#test/dev-env/rabbitmq.ts';
import { startRedis } from '#test/dev-env/redis.ts';
import { startTcpProxy, type TcpProxy } from '#test/dev-env/tcp-proxy.ts';
import { eventually } from '#test/eventually.ts';
import type { Replica } from './platform.ts';

export type BannedPlatform = AsyncDisposable & {
  readonly rabbitmq: RabbitMq;
  /** Between the hubs and Redis. */
  readonly hubRedis: TcpProxy;
  readonly notification: Replica;
  readonly chat: Replica;
  readonly gateway: Replica;
  readonly hubs: readonly [Replica, Replica];
  /** What a command on the store of the notification service needs. */
  readonly commandEnv: Record<string, string>;
  token(user: string): Promise<string>;
  /** `/internal/revocations` of the notification service. */
  revocations(method: 'POST' | 'DELETE' | 'GET', query?: string, body?: object): Promise<unknown>;
};

/** Each process as it runs in production, two hubs; none reads revocations at intervals, so that only frames and heals tell it. */
export async function startBannedPlatform(): Promise<BannedPlatform> {
  await using parts = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), 'sonixy-bans-'));
  parts.defer(() => rmSync(folder, { recursive: true, force: true }));
  const [rabbitmq, redis] = await Promise.all([startRabbitMq(), startRedis()]);
  parts.use(rabbitmq);
  parts.use(redis);
  const hubRedis = parts.use(await startTcpProxy({ port: redis.port }));
  const [secret, internalSecret] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
  const [issuer, audience] = ['Sonixy.IdentityService', 'Sonixy.Client'];
  const shared = {
    HOST: '127.0.0.1',
    JWT_HS256_SECRET: secret,
    INTERNAL_SECRET: internalSecret,
    REDIS_URL: redis.url,
    REVOCATIONS_EVERY_MS: '3600000',
  };

  async function start(name: string, env: Record<string, string>): Promise<Replica> {
    const [port, opsPort] = [await freePort(), await freePort()];
    const opsUrl = `http://127.0.0.1:${opsPort}`;
    const service = parts.use(
      await startService({
        main: `services/${name}/main.ts`,
        env: { ...shared, ...env, PORT: String(port), OPS_PORT: String(opsPort) },
        readyUrl: `${opsUrl}/readyz`,
        readyTimeoutMs: 120_000,
      }),
    );
    await waitsForNothing(opsUrl);
    return { url: `http://127.0.0.1:${port}`, opsUrl, service };
  }

  const commandEnv = { DATA_DIR: join(folder, 'notification'), REDIS_URL: redis.url };
  const notification = await start('notification', { ...commandEnv, AMQP_URL: rabbitmq.url });
  const named = { NOTIFICATION_URL: notification.url };
  const hubEnv = {
    ...named,
    REDIS_URL: hubRedis.through(redis.url),
    HUB_ID_KEYS: `1:${randomBytes(32).toString('base64')}`,
  };
  const [chat, ...hubs] = await Promise.all([
    start('chat', { ...named, DATA_DIR: join(folder, 'chat'), AMQP_URL: rabbitmq.url }),
    start('hub', hubEnv),
    start('hub', hubEnv),
  ]);
  const gateway = await start('gateway', { ...named, CHAT_URL: chat.url });
  const internalTokens = createInternalTokens(internalSecret, systemClock);
  const running = parts.move();
  return {
    ...{ rabbitmq, hubRedis, notification, chat, hubs, gateway, commandEnv },
    token: (user) => issueToken({ secret, issuer, audience, user, lifetimeSeconds: 3_600 }),
    async revocations(method, query = '', body) {
      const response = await fetch(`${notification.url}/internal/revocations${query}`, {
        method,
        headers: {
          authorization: `Bearer ${await internalTokens.issue()}`,
          ...(body ? { 'content-type': 'application/json' } : {}),
        },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      if (!response.ok) throw new Error(`revocations answered ${response.status}: ${await response.text()}`);
      return response.json();
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** Until each part of a process is there, those that it can do without included. */
export function waitsForNothing(opsUrl: string): Promise<void> {
  return eventually(
    async () => {
      const { parts } = await readiness(opsUrl);
      const waiting = Object.entries(parts).filter(([, { ready }]) => !ready);
      return waiting.length === 0 ? undefined : JSON.stringify(waiting);
    },
    { timeoutMs: 120_000 },
  );
}

export async function readiness(opsUrl: string) {
  const response = await fetch(`${opsUrl}/readyz`);
  return (await response.json()) as { parts: Record<string, { ready: boolean; detail: string }> };
}
