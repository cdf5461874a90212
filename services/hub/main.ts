import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { createInternalTokens } from '#shared/auth/internal-tokens.ts';
import { createOriginPolicy } from '#shared/auth/origin-policy.ts';
import { createTokenVerifier } from '#shared/auth/token-verifier.ts';
import { connectRedisBackplane } from '#shared/backplane/redis-backplane.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { listen } from '#shared/runtime/listen.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { startOpsServer } from '#shared/runtime/ops-server.ts';
import { Readiness } from '#shared/runtime/readiness.ts';
import { type RunContext, run } from '#shared/runtime/run.ts';
import { readHubConfig } from './config.ts';
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

  const backplane = connectRedisBackplane({ url: config.redisUrl, log });
  parts.defer(() => backplane.close());
  const server = createServer();
  const listener = await listen(server, { host: config.host, port: config.port });
  parts.defer(() => listener.close());

  const hub = createHubSockets({
    source: createHttpStreamSource({
      url: config.notificationUrl,
      tokens: createInternalTokens(config.internalSecret, clock),
    }),
    backplane,
    verifier: createTokenVerifier(config.tokens, { clock, log }),
    origins: createOriginPolicy({ origins: config.origins, allowAbsent: config.allowAbsentOrigin }),
    idKeys: config.idKeys,
    worker: {
      id: config.workerId ?? randomUUID(),
      address: config.workerAddress ?? `http://127.0.0.1:${listener.port}`,
    },
    limits: config.limits,
    closeAtExpiry: config.closeAtExpiry,
    clock,
    log,
    metrics,
  });
  parts.defer(() => hub.close());
  parts.defer(() => hub.drain());
  watchHub(readiness, { hub, backplane });
  hub.attach(server);
  readiness.started();
  parts.defer(() => readiness.stopping());
  log.info({ port: listener.port, opsPort: ops.port }, 'hub started');
  return parts.move();
};

run('hub', start, { env: process.env });
