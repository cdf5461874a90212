import { randomUUID } from 'node:crypto';
import { beforeAll } from 'vitest';
import { createLogger } from '#shared/runtime/log.ts';
import { describeOnServers } from '#test/dev-env/contract-servers.ts';
import { describePresence } from './presence.contract.ts';
import { connectRedisPresence } from './redis-presence.ts';

const log = createLogger({ name: 'test', level: 'silent' });

describeOnServers('redis', 'redis', (startedUrl) => {
  let url: string;
  beforeAll(async () => {
    url = await startedUrl();
  });

  describePresence('redis', async (ttlMs) => {
    const connect = () => connectRedisPresence({ url, worker: randomUUID(), log, ttlMs });
    return { here: connect(), there: connect() };
  });
});
