import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { startSharedCluster } from '../cluster/shared-cluster.ts';
import { startMongoDev } from './mongodev.ts';
import { startRabbitMq } from './rabbitmq.ts';
import { startRedis } from './redis.ts';
import { startSecantus } from './secantus.ts';
import type { SharedServerName } from './shared.ts';

const start: Record<SharedServerName, () => Promise<{ url: string } & AsyncDisposable>> = {
  rabbitmq: startRabbitMq,
  redis: startRedis,
  mongodev: startMongoDev,
  secantus: startSecantus,
  cluster: startSharedCluster,
};

/** Once per run of Vitest: starts each shared server when the first test file asks for it, and ends all at the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const started = new Map<SharedServerName, Promise<{ url: string } & AsyncDisposable>>();
  const desk = createServer(async (request, response) => {
    const name = (request.url ?? '').slice(1) as SharedServerName;
    try {
      let server = started.get(name);
      if (server === undefined) {
        server = start[name]();
        started.set(name, server);
      }
      response.end((await server).url);
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  await new Promise<void>((resolve) => desk.listen(0, '127.0.0.1', resolve));
  project.provide('devEnvDesk', `http://127.0.0.1:${(desk.address() as AddressInfo).port}`);
  return async () => {
    desk.close();
    desk.closeAllConnections();
    await Promise.allSettled([...started.values()].map(async (server) => (await server)[Symbol.asyncDispose]()));
  };
}
