import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { describeOnServers } from './contract-servers.ts';

const before = process.env['REDIS_URL'];

delete process.env['REDIS_URL'];
describeOnServers('redis', 'a contract suite', (url) => {
  test('is given a server that answers', async () => {
    const client = new Redis(await url());
    expect(await client.ping()).toBe('PONG');
    client.disconnect();
  });
});

process.env['REDIS_URL'] = 'redis://elsewhere';
describeOnServers('redis', 'a contract suite', (url) => {
  test('is given the real server that the environment names', async () => {
    expect(await url()).toBe('redis://elsewhere');
  });
});

if (before === undefined) delete process.env['REDIS_URL'];
else process.env['REDIS_URL'] = before;
