import { systemClock as clock } from '#shared/runtime/clock.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { startOpsServer } from '#shared/runtime/ops-server.ts';
import { Readiness } from '#shared/runtime/readiness.ts';
import { type RunContext, run } from '#shared/runtime/run.ts';
import { readRedisSidecarConfig } from './config.ts';
import { RedisServer } from './redis-server.ts';
import { RedisSidecar } from './sidecar.ts';

const start = async ({ log }: RunContext) => {
  const config = readRedisSidecarConfig(process.env);
  await using parts = new AsyncDisposableStack();
  const metrics = createMetrics('redis-sidecar');
  const readiness = new Readiness();
  const ops = await startOpsServer({ host: config.host, port: config.opsPort, metrics, readiness, log });
  parts.defer(() => ops.close());

  const sidecar = new RedisSidecar({ ...config, server: new RedisServer(config.redisPort), clock, log });
  parts.defer(() => sidecar.stop());
  sidecar.start();
  readiness.started();
  parts.defer(() => readiness.stopping());
  log.info({ redisPort: config.redisPort, opsPort: ops.port }, 'redis-sidecar started');
  return parts.move();
};

run('redis-sidecar', start, { env: process.env });
