import { createServer } from 'node:http';
import { createInternalTokens } from '#shared/auth/internal-tokens.ts';
import { createOriginPolicy } from '#shared/auth/origin-policy.ts';
import { createTokenVerifier } from '#shared/auth/token-verifier.ts';
import { connectRedisBackplane } from '#shared/backplane/redis-backplane.ts';
import { connectAmqpBus } from '#shared/bus/amqp-bus.ts';
import { startReceiveEndpoint } from '#shared/bus/receive-endpoint.ts';
import { listen } from '#shared/http/listen.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { readConfig } from '#shared/runtime/config.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { startOpsServer } from '#shared/runtime/ops-server.ts';
import { Readiness } from '#shared/runtime/readiness.ts';
import { run } from '#shared/runtime/run.ts';
import { readNotificationConfig } from './config.ts';
import { createNotification } from './notification.ts';
import { watchNotification } from './readiness.ts';
import { openStore } from './store/open-store.ts';

run(
  'notification',
  async ({ log }) => {
    const config = readConfig(process.env, readNotificationConfig);
    await using parts = new AsyncDisposableStack();
    const metrics = createMetrics('notification');
    const readiness = new Readiness();
    const ops = await startOpsServer({ port: config.opsPort, metrics, readiness, log });
    parts.defer(() => ops.close());

    const store = parts.adopt(openStore(config.store, { clock, log }), (it) => it.close());
    const bus = parts.adopt(connectAmqpBus({ url: config.amqpUrl, log }), (it) => it.close());
    const backplane = parts.adopt(connectRedisBackplane({ url: config.redisUrl, log }), (it) => it.close());
    const notification = createNotification({
      store,
      backplane,
      verifier: createTokenVerifier(config.tokens, { clock, log }),
      internalTokens: createInternalTokens(config.internalSecret, clock),
      origins: createOriginPolicy({ origins: config.origins, allowAbsent: true }),
      clock,
      log,
      metrics,
      limits: config.limits,
    });
    parts.defer(() => notification.close());

    const listener = await listen(createServer(notification.app), { host: config.host, port: config.port });
    parts.defer(() => listener.close());
    const endpoint = startReceiveEndpoint({
      bus,
      queue: config.queue,
      consumers: [notification.consumer],
      log,
      metrics,
    });
    parts.defer(() => endpoint.stop());
    parts.use(watchNotification(readiness, { store, backplane, endpoint, clock }));
    log.info({ port: listener.port, opsPort: ops.port }, 'notification started');
    return parts.move();
  },
  { env: process.env },
);
