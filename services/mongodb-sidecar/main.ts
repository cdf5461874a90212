import { systemClock as clock } from '#shared/runtime/clock.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { startOpsServer } from '#shared/runtime/ops-server.ts';
import { Readiness } from '#shared/runtime/readiness.ts';
import { type RunContext, run } from '#shared/runtime/run.ts';
import { ServedCertificate } from './certificates/served-certificate.ts';
import { readSidecarConfig } from './config.ts';
import { MongoMember } from './member/mongo-member.ts';
import { Sidecar } from './sidecar.ts';

const start = async ({ log }: RunContext) => {
  const config = readSidecarConfig(process.env);
  await using parts = new AsyncDisposableStack();
  // Before /livez answers: mongod starts after that, and reads the file.
  const certificate = config.tls ? await ServedCertificate.write(config.tls) : undefined;
  const metrics = createMetrics('mongodb-sidecar');
  const readiness = new Readiness();
  const ops = await startOpsServer({ host: config.host, port: config.opsPort, metrics, readiness, log });
  parts.defer(() => ops.close());

  const member = new MongoMember({ port: config.memberPort, tls: config.tls !== undefined });
  parts.defer(() => member.close());
  const sidecar = new Sidecar({ ...config, member, certificate, clock, log, metrics, readiness });
  parts.defer(() => sidecar.stop());
  sidecar.start();
  readiness.started();
  parts.defer(() => readiness.stopping());
  log.info({ member: config.self, opsPort: ops.port }, 'mongodb-sidecar started');
  return parts.move();
};

run('mongodb-sidecar', start, { env: process.env });
