import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInternalTokens } from '#shared/auth/internal-tokens.ts';
import { createOriginPolicy } from '#shared/auth/origin-policy.ts';
import { createTokenVerifier } from '#shared/auth/token-verifier.ts';
import { connectRedisBackplane } from '#shared/backplane/redis-backplane.ts';
import { connectAmqpBus } from '#shared/bus/amqp-bus.ts';
import { startReceiveEndpoint } from '#shared/bus/receive-endpoint.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { listen } from '#shared/runtime/listen.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { startOpsServer } from '#shared/runtime/ops-server.ts';
import { Readiness } from '#shared/runtime/readiness.ts';
import { type RunContext, run } from '#shared/runtime/run.ts';
import { runCommand } from './command.ts';
import { readNotificationConfig, type StoreConfig } from './config.ts';
import { createNotification } from './notification.ts';
import { watchNotification } from './readiness.ts';
import { connectMongoNotificationStore } from './store/mongo-notification-store.ts';
import type { NotificationStore } from './store/notification-store.ts';
import { openSqliteNotificationStore } from './store/sqlite-notification-store.ts';

const start = async ({ log }: RunContext) => {
  const config = readNotificationConfig(process.env);
  await using parts = new AsyncDisposableStack();
  const metrics = createMetrics('notification');
  const readiness = new Readiness();
  const ops = await startOpsServer({ port: config.opsPort, metrics, readiness, log });
  parts.defer(() => ops.close());

  const store = openStore(config.store, log);
  parts.defer(() => store.close());
  const backplane = connectRedisBackplane({ url: config.redisUrl, log });
  parts.defer(() => backplane.close());
  const bus = connectAmqpBus({ url: config.amqpUrl, log });
  parts.defer(() => bus.close());

  const notification = createNotification({
    store,
    backplane,
    verifier: createTokenVerifier(config.tokens, { clock, log }),
    internalTokens: createInternalTokens(config.internalSecret, clock),
    origins: createOriginPolicy({ origins: config.origins, allowAbsent: true }),
    clock,
    log,
    metrics,
    limits: { tombstoneDays: config.tombstoneDays },
  });
  parts.defer(() => notification.close());

  const listener = await listen(createServer(notification.app), { host: config.host, port: config.port });
  parts.defer(() => listener.close());
  const endpoint = startReceiveEndpoint({
    bus,
    queue: config.queue,
    consumers: [notification.consumer],
    prefetch: config.prefetch,
    log,
    metrics,
  });
  parts.defer(() => endpoint.stop());

  parts.use(watchNotification(readiness, { store, endpoint, backplane, clock }));
  readiness.started();
  parts.defer(() => readiness.stopping());
  log.info({ port: listener.port, opsPort: ops.port }, 'notification started');
  return parts.move();
};

function openStore(config: StoreConfig, log: Logger): NotificationStore {
  if (config.kind === 'mongo') return connectMongoNotificationStore({ ...config, clock, log });
  mkdirSync(config.dataDir, { recursive: true });
  return openSqliteNotificationStore({ file: config.file, clock, log });
}

const [command] = process.argv.slice(2);
if (command === undefined) run('notification', start, { env: process.env });
else await runCommand(command, process.env, openStore);
