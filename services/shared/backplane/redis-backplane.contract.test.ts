import { beforeAll } from 'vitest';
import { createLogger } from '#shared/runtime/log.ts';
import { describeOnServers } from '#test/dev-env/contract-servers.ts';
import { describeBackplane } from './backplane.contract.ts';
import { connectRedisBackplane } from './redis-backplane.ts';

const log = createLogger({ name: 'test', level: 'silent' });

describeOnServers('redis', 'redis', (startedUrl) => {
  let url: string;
  beforeAll(async () => {
    url = await startedUrl();
  });

  describeBackplane('redis', async () => {
    const [here, there] = [connectRedisBackplane({ url, log }), connectRedisBackplane({ url, log })];
    return { here, there, close: async () => void (await Promise.all([here.close(), there.close()])) };
  });
});
