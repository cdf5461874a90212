import { randomBytes } from 'node:crypto';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { freePort } from '#test/dev-env/free-port.ts';
import { startHaproxy } from '#test/dev-env/haproxy.ts';
import { startMongoDev } from '#test/dev-env/mongodev.ts';
import { type Service, startService } from '#test/dev-env/process.ts';
import { startRabbitMq } from '#test/dev-env/rabbitmq.ts';
import { startRedis } from '#test/dev-env/redis.ts';
import type { Server } from '#test/dev-env/server.ts';
import { eventually } from '#test/eventually.ts';
import type { Victim } from './schedule.ts';

/** Whatever a fault may strike. */
export type Breakable = {
  kill(): Promise<void>;
  restart(): Promise<void>;
  freeze(): void;
  thaw(): void;
};

export type ChatPlatform = AsyncDisposable & {
  /** Of the load balancer in front of hubs and gateways. */
  readonly url: string;
  readonly breakables: Readonly<Record<Victim, Breakable>>;
  token(user: string): Promise<string>;
  /** Resolves when every process is ready and waits for nothing. */
  healed(): Promise<void>;
};

type Worker = { readonly service: Service; readonly port: number; readonly opsUrl: string };

/** Two gateways, two chats and two hubs as real processes behind a load balancer, on servers of their own. */
export async function startChatPlatform(): Promise<ChatPlatform> {
  await using parts = new AsyncDisposableStack();
  const [rabbitmq, redis, mongo] = await Promise.all([startRabbitMq(), startRedis(), startMongoDev()]);
  for (const server of [rabbitmq, redis, mongo]) parts.use(server);
  const secret = randomBytes(32).toString('base64');
  const [issuer, audience] = ['Sonixy.IdentityService', 'Sonixy.Client'];
  const shared = {
    JWT_HS256_SECRET: secret,
    INTERNAL_SECRET: randomBytes(32).toString('base64'),
    REDIS_URL: redis.url,
    AMQP_URL: rabbitmq.url,
    HOST: '127.0.0.1',
    LOG_LEVEL: 'warn',
  };

  const workers: Worker[] = [];
  async function start(main: string, env: Record<string, string>): Promise<Worker> {
    const [port, opsPort] = [await freePort(), await freePort()];
    const opsUrl = `http://127.0.0.1:${opsPort}`;
    const service = await startService({
      main: `services/${main}/main.ts`,
      env: { ...shared, ...env, PORT: String(port), OPS_PORT: String(opsPort) },
      readyUrl: `${opsUrl}/readyz`,
      readyTimeoutMs: 60_000,
    });
    parts.use(service);
    const worker = { service, port, opsUrl };
    workers.push(worker);
    return worker;
  }
  const url = ({ port }: Worker) => `http://127.0.0.1:${port}`;

  const notification = await start('notification', { MONGODB_URL: mongo.url });
  const chatEnv = {
    MONGODB_URL: mongo.url,
    NOTIFICATION_URL: url(notification),
    CHAT_SWEEP_EVERY_MS: '500',
    CHAT_SWEEP_GRACE_MS: '1000',
  };
  const chats = await Promise.all([start('chat', chatEnv), start('chat', chatEnv)]);
  const idKeys = `1:${randomBytes(32).toString('base64')}`;
  const hubs = await Promise.all(
    chats.map((chat) =>
      start('hub', { HUB_ID_KEYS: idKeys, NOTIFICATION_URL: url(notification), CHAT_URL: url(chat) }),
    ),
  );
  const gateways = await Promise.all(
    chats.map((chat) =>
      start('gateway', {
        NOTIFICATION_URL: url(notification),
        CHAT_URL: url(chat),
        // The test is no crowd of people.
        GATEWAY_WRITES_PER_MINUTE: '100000',
        GATEWAY_READS_PER_MINUTE: '100000',
      }),
    ),
  );
  const balancer = parts.use(
    await startHaproxy({ hubs: hubs.map(({ port }) => port), others: gateways.map(({ port }) => port) }),
  );
  const running = parts.move();
  return {
    url: balancer.url,
    breakables: {
      ...named('chat', chats),
      ...named('hub', hubs),
      ...named('gateway', gateways),
      redis: ofServer(redis),
      rabbitmq: ofServer(rabbitmq),
      mongo: ofServer(mongo),
    },
    token: (user) => issueToken({ secret, issuer, audience, user, lifetimeSeconds: 36_000 }),
    healed: () => healed(workers),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function named<Kind extends string>(
  kind: Kind,
  [first, second]: readonly Worker[],
): Record<`${Kind}-0` | `${Kind}-1`, Breakable> {
  if (!first || !second) throw new Error('there must be two of each');
  const breakables = { [`${kind}-0`]: ofService(first.service), [`${kind}-1`]: ofService(second.service) };
  return breakables as Record<`${Kind}-0` | `${Kind}-1`, Breakable>;
}

function ofService(service: Service): Breakable {
  return {
    kill: () => service.kill(),
    restart: () => service.restart(),
    freeze: () => service.pause(),
    thaw: () => service.resume(),
  };
}

function ofServer(server: Server): Breakable {
  return {
    kill: () => server.kill(),
    restart: () => server.restart(),
    freeze: () => server.stopProcess(),
    thaw: () => server.cont(),
  };
}

async function healed(workers: readonly Worker[]): Promise<void> {
  for (const { opsUrl } of workers) {
    await eventually(
      async () => {
        const report = (await (await fetch(`${opsUrl}/readyz`)).json()) as {
          parts: Record<string, { ready: boolean; detail: string }>;
        };
        const waiting = Object.entries(report.parts).filter(([, { ready }]) => !ready);
        return waiting.length === 0 ? undefined : `${opsUrl} waits: ${JSON.stringify(waiting)}`;
      },
      { timeoutMs: 90_000, everyMs: 100 },
    );
  }
}
