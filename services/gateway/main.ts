import { readFile } from 'node:fs/promises';
import { asyncApiDocument } from '#shared/api-docs/asyncapi.ts';
import { createApiDocs } from '#shared/api-docs/serve-api-docs.ts';
import { createOriginPolicy } from '#shared/auth/origin-policy.ts';
import { rememberVerified } from '#shared/auth/remembered-tokens.ts';
import { createTokenVerifier } from '#shared/auth/token-verifier.ts';
import { refuseRevoked } from '#shared/auth/unrevoked-tokens.ts';
import { createTrustedProxies } from '#shared/http/client-address.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { listen } from '#shared/runtime/listen.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { startOpsServer } from '#shared/runtime/ops-server.ts';
import { Readiness } from '#shared/runtime/readiness.ts';
import { type RunContext, run } from '#shared/runtime/run.ts';
import { watchStoreCertificates } from '#shared/runtime/store-certificates.ts';
import { trustCertificates } from '#shared/runtime/trusted-certificates.ts';
import { readGatewayConfig } from './config.ts';
import { createGateway } from './gateway.ts';
import { createLimiterWithFallback } from './limits/limiter-with-fallback.ts';
import { createMemoryLimiter } from './limits/memory-limiter.ts';
import { connectRedisLimiter } from './limits/redis-limiter.ts';
import { watchGateway } from './readiness.ts';
import { openRevocations } from './revocations.ts';

const start = async ({ log }: RunContext) => {
  const config = readGatewayConfig(process.env);
  await using parts = new AsyncDisposableStack();
  const metrics = createMetrics('gateway');
  const readiness = new Readiness();
  const ops = await startOpsServer({ port: config.opsPort, metrics, readiness, log });
  parts.defer(() => ops.close());
  parts.use(trustCertificates({ folder: config.trustedCaDir, clock, log, metrics }));
  parts.use(watchStoreCertificates({ urls: [config.redisUrl], clock, log, metrics }));

  const { redisUrl } = config;
  const local = createMemoryLimiter();
  const shared =
    redisUrl === undefined
      ? undefined
      : createLimiterWithFallback({ shared: connectRedisLimiter({ url: redisUrl, log }), local, clock, log });
  const limiter = shared ?? local;
  parts.defer(() => limiter.close());
  metrics.gauge('gateway_limits_local', '1 while rates are counted by this gateway alone', [], (gauge) =>
    gauge.set(shared?.counting === 'shared' ? 0 : 1),
  );

  const revoked = parts.use(openRevocations(config, { readiness, clock, log, metrics }));
  const verifier = rememberVerified(createTokenVerifier(config.tokens, { clock, log }), { clock });
  const gateway = createGateway({
    services: config.services,
    limiter,
    verifier: revoked.list ? refuseRevoked(verifier, revoked.list) : verifier,
    origins: createOriginPolicy({ origins: config.origins, allowAbsent: config.allowAbsentOrigin }),
    proxies: createTrustedProxies(config.trustedProxies),
    docs: createApiDocs(
      JSON.parse(await readFile(new URL('openapi.json', import.meta.url), 'utf8')),
      asyncApiDocument(),
    ),
    limits: config.limits,
    clock,
    log,
    metrics,
  });
  parts.defer(() => gateway.close());
  const listener = await listen(gateway.server, { host: config.host, port: config.port });
  parts.defer(() => listener.close());
  parts.defer(() => gateway.drain());

  watchGateway(readiness, { gateway, limiter: shared });
  readiness.started();
  parts.defer(() => readiness.stopping());
  log.info({ port: listener.port, opsPort: ops.port, services: Object.keys(config.services) }, 'gateway started');
  return parts.move();
};

run('gateway', start, { env: process.env });
