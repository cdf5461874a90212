import { createServer } from 'node:http';
import { createInternalTokens } from '#shared/auth/internal-tokens.ts';
import { createOriginPolicy } from '#shared/auth/origin-policy.ts';
import { rememberVerified } from '#shared/auth/remembered-tokens.ts';
import { RevocationList } from '#shared/auth/revocation-list.ts';
import { createTokenVerifier } from '#shared/auth/token-verifier.ts';
import { refuseRevoked } from '#shared/auth/unrevoked-tokens.ts';
import { watchRevocations } from '#shared/auth/watch-revocations.ts';
import { connectRedisBackplane } from '#shared/backplane/redis-backplane.ts';
import { connectAmqpBus } from '#shared/bus/amqp-bus.ts';
import { startReceiveEndpoint } from '#shared/bus/receive-endpoint.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { listen } from '#shared/runtime/listen.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { startOpsServer } from '#shared/runtime/ops-server.ts';
import { Readiness } from '#shared/runtime/readiness.ts';
import { type RunContext, run } from '#shared/runtime/run.ts';
import { watchStoreCertificates } from '#shared/runtime/store-certificates.ts';
import { trustCertificates } from '#shared/runtime/trusted-certificates.ts';
import { runCommand } from './command.ts';
import { readNotificationConfig } from './config.ts';
import { createNotification } from './notification.ts';
import { openRevocationStore, openStore } from './open-stores.ts';
import { watchNotification } from './readiness.ts';

const start = async ({ log }: RunContext) => {
  const config = readNotificationConfig(process.env);
  await using parts = new AsyncDisposableStack();
  const metrics = createMetrics('notification');
  const readiness = new Readiness();
  const ops = await startOpsServer({ port: config.opsPort, metrics, readiness, log });
  parts.defer(() => ops.close());
  parts.use(trustCertificates({ folder: config.trustedCaDir, clock, log, metrics }));
  const mongoUrl = config.store.kind === 'mongo' ? config.store.url : undefined;
  const storeUrls = [config.amqpUrl, config.redisUrl, mongoUrl];
  parts.use(watchStoreCertificates({ urls: storeUrls, clock, log, metrics }));

  const store = openStore(config.store, log);
  parts.defer(() => store.close());
  const backplane = connectRedisBackplane({ url: config.redisUrl, log });
  parts.defer(() => backplane.close());
  const bus = connectAmqpBus({ url: config.amqpUrl, log });
  parts.defer(() => bus.close());
  const revocationStore = openRevocationStore(config.store, log);
  parts.defer(() => revocationStore.close());
  const readEveryMs = config.revocationsEveryMs;
  const revoked = new RevocationList({ source: revocationStore, backplane, clock, log, metrics, readEveryMs });
  parts.defer(() => revoked.close());

  const notification = createNotification({
    store,
    revocationStore,
    backplane,
    verifier: refuseRevoked(rememberVerified(createTokenVerifier(config.tokens, { clock, log }), { clock }), revoked),
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
  watchRevocations(readiness, revoked);
  readiness.started();
  parts.defer(() => readiness.stopping());
  log.info({ port: listener.port, opsPort: ops.port }, 'notification started');
  return parts.move();
};

const [command, ...args] = process.argv.slice(2);
if (command === undefined) run('notification', start, { env: process.env });
else await runCommand(command, args, process.env);
