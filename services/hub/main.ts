import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createHttpRevocationSource } from '#shared/auth/http-revocation-source.ts';
import { createInternalTokens } from '#shared/auth/internal-tokens.ts';
import { createOriginPolicy } from '#shared/auth/origin-policy.ts';
import { rememberVerified } from '#shared/auth/remembered-tokens.ts';
import { RevocationList } from '#shared/auth/revocation-list.ts';
import { createTokenVerifier } from '#shared/auth/token-verifier.ts';
import { refuseRevoked } from '#shared/auth/unrevoked-tokens.ts';
import { watchRevocations } from '#shared/auth/watch-revocations.ts';
import { connectRedisBackplane, type RedisBackplane } from '#shared/backplane/redis-backplane.ts';
import { connectAmqpBus } from '#shared/bus/amqp-bus.ts';
import { startReceiveEndpoint } from '#shared/bus/receive-endpoint.ts';
import { connectRedisPresence } from '#shared/presence/redis-presence.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { listen } from '#shared/runtime/listen.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { createMetrics, type Metrics } from '#shared/runtime/metrics.ts';
import { startOpsServer } from '#shared/runtime/ops-server.ts';
import { Readiness } from '#shared/runtime/readiness.ts';
import { type RunContext, run } from '#shared/runtime/run.ts';
import { watchStoreCertificates } from '#shared/runtime/store-certificates.ts';
import { trustCertificates } from '#shared/runtime/trusted-certificates.ts';
import { type HubConfig, readHubConfig } from './config.ts';
import { messageEventConsumers } from './dispatch/message-events.ts';
import { workerUrl } from './forward/worker-address.ts';
import { createHubSockets } from './hub.ts';
import { watchHub } from './readiness.ts';
import { createHttpStreamSource } from './stream-source-http.ts';

const start = async ({ log }: RunContext) => {
  const config = readHubConfig(process.env);
  await using parts = new AsyncDisposableStack();
  const metrics = createMetrics('hub');
  const readiness = new Readiness();
  const ops = await startOpsServer({ port: config.opsPort, metrics, readiness, log });
  parts.defer(() => ops.close());
  parts.use(trustCertificates({ folder: config.trustedCaDir, clock, log, metrics }));
  parts.use(watchStoreCertificates({ urls: [config.chat?.amqpUrl, config.redisUrl], clock, log, metrics }));

  const backplane = connectRedisBackplane({ url: config.redisUrl, log });
  parts.defer(() => backplane.close());
  const server = createServer();
  const listener = await listen(server, { host: config.host, port: config.port });
  parts.defer(() => listener.close());

  const workerId = config.workerId ?? randomUUID();
  // A restarted pod keeps its UID: what an earlier process of it said must not count for this one.
  const presence = connectRedisPresence({
    url: config.redisUrl,
    worker: `${workerId}:${randomUUID()}`,
    ttlMs: config.presenceTtlMs,
    log,
  });
  parts.defer(() => presence.close());
  const internalTokens = createInternalTokens(config.internalSecret, clock);
  const revoked = new RevocationList({
    source: createHttpRevocationSource({ url: config.notificationUrl, tokens: internalTokens }),
    readEveryMs: config.revocationsEveryMs,
    ...{ backplane, clock, log, metrics },
  });
  parts.defer(() => revoked.close());
  const hub = createHubSockets({
    source: createHttpStreamSource({ url: config.notificationUrl, tokens: internalTokens }),
    chatSource: config.chat && createHttpStreamSource({ url: config.chat.url, tokens: internalTokens }),
    backplane,
    presence,
    verifier: refuseRevoked(rememberVerified(createTokenVerifier(config.tokens, { clock, log }), { clock }), revoked),
    revoked,
    origins: createOriginPolicy({ origins: config.origins, allowAbsent: config.allowAbsentOrigin }),
    idKeys: config.idKeys,
    worker: {
      id: workerId,
      address: config.workerAddress && workerUrl(config.workerAddress, listener.port),
    },
    limits: config.limits,
    addresses: config.addresses,
    closeAtExpiry: config.closeAtExpiry,
    clock,
    log,
    metrics,
  });
  parts.defer(() => hub.close());
  parts.defer(() => hub.drain());
  const chat = config.chat && startDispatch(config.chat, { backplane, log, metrics });
  parts.defer(() => chat?.stop());
  parts.defer(() => readiness.stopping());
  watchHub(readiness, { hub, backplane, chat });
  watchRevocations(readiness, revoked);
  hub.attach(server);
  readiness.started();
  log.info({ port: listener.port, opsPort: ops.port }, 'hub started');
  return parts.move();
};

/** Takes its share of the messages' events, and gives back what it has not handed on when it stops. */
function startDispatch(
  { amqpUrl, queue }: NonNullable<HubConfig['chat']>,
  { backplane, log, metrics }: { backplane: RedisBackplane; log: Logger; metrics: Metrics },
) {
  const bus = connectAmqpBus({ url: amqpUrl, log });
  const consumers = messageEventConsumers({ backplane, log, metrics });
  const endpoint = startReceiveEndpoint({ bus, queue, consumers, log, metrics });
  return {
    endpoint,
    async stop() {
      await endpoint.stop();
      await bus.close();
    },
  };
}

run('hub', start, { env: process.env });
