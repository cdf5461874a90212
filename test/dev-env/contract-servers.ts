import { describe } from 'vitest';
import { sharedServer } from './shared.ts';
import { describeWithServer } from './with-server.ts';

type ContractServer = 'rabbitmq' | 'redis' | 'mongodev' | 'secantus';

const kinds: Record<'rabbitmq' | 'redis' | 'mongodb', { variable: string; servers: readonly ContractServer[] }> = {
  rabbitmq: { variable: 'AMQP_URL', servers: ['rabbitmq'] },
  redis: { variable: 'REDIS_URL', servers: ['redis'] },
  mongodb: { variable: 'MONGODB_URL', servers: ['mongodev', 'secantus'] },
};

/**
 * A contract suite once per server of that kind: the real one that AMQP_URL, REDIS_URL or MONGODB_URL names, else those
 * of the run (for MongoDB's protocol two independent ones). `url` starts the server when it is first called: call it in
 * `beforeAll`. The server is shared and stays: the suite uses names of its own.
 */
export function describeOnServers(
  kind: keyof typeof kinds,
  title: string,
  define: (url: () => Promise<string>) => void,
): void {
  const { variable, servers } = kinds[kind];
  const given = process.env[variable];
  if (given !== undefined && given !== '') {
    describe(`${title} on ${variable}`, () => define(async () => given));
    return;
  }
  for (const server of servers) {
    describeWithServer(server, `${title} on ${server}`, () => define(() => sharedServer(server)));
  }
}
