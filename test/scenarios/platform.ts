import { randomBytes, randomUUID } from 'node:crypto';
import { issueToken } from '#shared/auth/token-issuer.ts';
import type { NotificationDto, NotificationPage } from '#shared/contract/notification-dto.ts';
import { freePort } from '#test/dev-env/free-port.ts';
import { startMongoDev } from '#test/dev-env/mongodev.ts';
import { type Service, startService } from '#test/dev-env/process.ts';
import { type RabbitMq, startRabbitMq } from '#test/dev-env/rabbitmq.ts';
import { startRedis } from '#test/dev-env/redis.ts';
import type { Server } from '#test/dev-env/server.ts';

export type Platform = AsyncDisposable & {
  readonly rabbitmq: RabbitMq;
  readonly redis: Server;
  readonly mongo: Server;
  readonly notifications: readonly Replica[];
  readonly hubs: readonly Replica[];
  readonly queue: string;
  /** Valid for an hour unless said otherwise. */
  token(user: string, lifetimeSeconds?: number): Promise<string>;
  /** REST of the first notification replica that answers. */
  history(user: string): Promise<NotificationDto[]>;
};

export type Replica = {
  readonly url: string;
  readonly opsUrl: string;
  readonly service: Service;
};

export type PlatformOptions = {
  /** @default 2 */
  readonly notificationReplicas?: number;
  /** @default 2 */
  readonly hubReplicas?: number;
  readonly hubEnv?: Record<string, string>;
  readonly notificationEnv?: Record<string, string>;
  /** What a process must answer before the platform counts as started. @default '/readyz' */
  readonly readyPath?: '/readyz' | '/livez';
};

/** Two of each service as real processes, on a RabbitMQ, a Redis and a Mongo-wire server of their own. */
export async function startPlatform({
  notificationReplicas = 2,
  hubReplicas = 2,
  hubEnv = {},
  notificationEnv = {},
  readyPath = '/readyz',
}: PlatformOptions = {}): Promise<Platform> {
  await using parts = new AsyncDisposableStack();
  const [rabbitmq, redis, mongo] = await Promise.all([startRabbitMq(), startRedis(), startMongoDev()]);
  for (const server of [rabbitmq, redis, mongo]) parts.use(server);
  const secret = randomBytes(32).toString('base64');
  const queue = `notification-service-${randomUUID().slice(0, 8)}`;
  const shared = {
    JWT_HS256_SECRET: secret,
    JWT_ISSUER: 'Sonixy.IdentityService',
    JWT_AUDIENCE: 'Sonixy.Client',
    INTERNAL_SECRET: randomBytes(32).toString('base64'),
    REDIS_URL: redis.url,
    CORS_ORIGINS: 'https://sonixy.example',
  };
  const notifications = await replicas(
    { count: notificationReplicas, main: 'services/notification/main.ts', readyPath },
    () => ({
      ...shared,
      AMQP_URL: rabbitmq.url,
      MONGODB_URL: mongo.url,
      NOTIFICATION_QUEUE: queue,
      ...notificationEnv,
    }),
  );
  for (const replica of notifications) parts.defer(() => replica.service.kill());
  const idKeys = `1:${randomBytes(32).toString('base64')}`;
  const hubs = await replicas({ count: hubReplicas, main: 'services/hub/main.ts', readyPath }, (index) => ({
    ...shared,
    HUB_ID_KEYS: idKeys,
    NOTIFICATION_URL: notifications[index % notifications.length]?.url ?? '',
    ...hubEnv,
  }));
  for (const replica of hubs) parts.defer(() => replica.service.kill());
  const running = parts.move();
  const token = (user: string, lifetimeSeconds = 3600) =>
    issueToken({
      secret,
      issuer: shared.JWT_ISSUER,
      audience: shared.JWT_AUDIENCE,
      user,
      lifetimeSeconds,
    });
  return {
    rabbitmq,
    redis,
    mongo,
    notifications,
    hubs,
    queue,
    token,
    async history(user) {
      const headers = { authorization: `Bearer ${await token(user)}` };
      const all: NotificationDto[] = [];
      for (let page = 1; ; page += 1) {
        const url = `${notifications[0]?.url}/api/notifications?page=${page}&pageSize=100`;
        const response = await fetch(url, { headers });
        if (!response.ok) throw new Error(`history answered ${response.status}`);
        const { items, hasMore } = (await response.json()) as NotificationPage;
        all.push(...items);
        if (!hasMore) return all.reverse();
      }
    },
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

async function replicas(
  { count, main, readyPath }: { count: number; main: string; readyPath: string },
  env: (index: number) => Record<string, string>,
): Promise<Replica[]> {
  return Promise.all(
    Array.from({ length: count }, async (_, index): Promise<Replica> => {
      const [port, opsPort] = [await freePort(), await freePort()];
      const opsUrl = `http://127.0.0.1:${opsPort}`;
      const service = await startService({
        main,
        env: { ...env(index), HOST: '127.0.0.1', PORT: String(port), OPS_PORT: String(opsPort) },
        readyUrl: opsUrl + readyPath,
      });
      return { url: `http://127.0.0.1:${port}`, opsUrl, service };
    }),
  );
}
