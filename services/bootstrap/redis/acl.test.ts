import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectRedisLimiter } from '#services/gateway/limits/redis-limiter.ts';
import { connectRedisBackplane } from '#shared/backplane/redis-backplane.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { revocationsChannel } from '#shared/contract/names.ts';
import { connectRedisPresence } from '#shared/presence/redis-presence.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { startRedis } from '#test/dev-env/redis.ts';
import type { Server } from '#test/dev-env/server.ts';
import { eventually } from '#test/eventually.ts';
import { type RedisUser, redisAcl, redisUsers } from './acl.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const passwords = Object.fromEntries(redisUsers.map((user) => [user, `password-of-${user}`])) as Record<
  RedisUser,
  string
>;

describe('the ACL on a real Redis', () => {
  let server: Server;

  beforeAll(async () => {
    server = await startRedis();
    const owner = new Redis(server.url);
    const lines = redisAcl(passwords).trim().split('\n').reverse();
    for (const line of lines) {
      const [, user = '', ...rules] = line.match(/\([^)]*\)|\S+/g) ?? [];
      // As the test's Redis 7.0 is older than this subcommand.
      await owner.call('ACL', 'SETUSER', user, ...rules.filter((rule) => rule !== '+client|setinfo'));
    }
    owner.disconnect();
  });

  afterAll(() => server?.[Symbol.asyncDispose]());

  const urlOf = (user: RedisUser) => server.url.replace('://', `://${user}:${passwords[user]}@`);
  const as = async (user: RedisUser, ...command: [string, ...string[]]) => {
    const client = new Redis(urlOf(user), { enableReadyCheck: false });
    try {
      return await client.call(...command);
    } finally {
      client.disconnect();
    }
  };

  it('lets the hub send and hear on our channels, and keep presence and counts', async () => {
    await using parts = new AsyncDisposableStack();
    const backplane = parts.adopt(connectRedisBackplane({ url: urlOf('hub'), log }), (it) => it.close());
    const heard: string[] = [];
    await backplane.subscribe('sonixy:user:alice', (frame) => heard.push(Buffer.from(frame).toString()));
    await backplane.publish('sonixy:user:alice', Buffer.from('hello'));
    await eventually(() => (heard.length === 1 ? undefined : 'the frame did not come'));
    const presence = parts.adopt(connectRedisPresence({ url: urlOf('hub'), worker: 'w', log }), (it) => it.close());
    const alice = 'alice' as UserId;
    await eventually(() => presence.beat([alice]).then(() => undefined));
    expect([...(await presence.online([alice]))]).toEqual([alice]);
    await presence.leave([alice]);
    expect([...(await presence.online([alice]))]).toEqual([]);
    const other = parts.adopt(connectRedisPresence({ url: urlOf('hub'), worker: 'x', log }), (it) => it.close());
    await presence.count(new Map([[alice, 3]]));
    await eventually(async () =>
      (await other.count(new Map([[alice, 1]]))).get(alice) === 3 ? undefined : 'other counts came',
    );
    expect((await presence.count(new Map([[alice, 0]]))).get(alice)).toBe(1);
  });

  it.each(['notification', 'chat'] as const)('lets %s send and hear on our channels', async (user) => {
    await using parts = new AsyncDisposableStack();
    const backplane = parts.adopt(connectRedisBackplane({ url: urlOf(user), log }), (it) => it.close());
    const heard: string[] = [];
    await backplane.subscribe('sonixy:stream:s', (frame) => heard.push(Buffer.from(frame).toString()));
    await backplane.publish('sonixy:stream:s', Buffer.from('hello'));
    await eventually(() => (heard.length === 1 ? undefined : 'the frame did not come'));
  });

  it('lets the gateway hear of bans', async () => {
    await using parts = new AsyncDisposableStack();
    const sender = parts.adopt(connectRedisBackplane({ url: urlOf('notification'), log }), (it) => it.close());
    const backplane = parts.adopt(connectRedisBackplane({ url: urlOf('gateway'), log }), (it) => it.close());
    const heard: string[] = [];
    await backplane.subscribe(revocationsChannel, (frame) => heard.push(Buffer.from(frame).toString()));
    await eventually(() => sender.publish(revocationsChannel, Buffer.from('ban')).then(() => undefined));
    await eventually(() => (heard.includes('ban') ? undefined : 'the frame did not come'));
  });

  it('lets the gateway count', async () => {
    await using parts = new AsyncDisposableStack();
    const limiter = parts.adopt(connectRedisLimiter({ url: urlOf('gateway'), log }), (it) => it.close());
    const limit = { name: 'test', points: 1, windowSeconds: 60 };
    await eventually(() => limiter.look().then(() => undefined));
    expect((await limiter.consume(limit, 'alice')).allowed).toBe(true);
    expect((await limiter.consume(limit, 'alice')).allowed).toBe(false);
  });

  it.each<[RedisUser, string, ...string[]]>([
    ['gateway', 'PUBLISH', 'sonixy:user:alice', 'forged'],
    ['gateway', 'PUBLISH', 'sonixy:revocations', 'forged'],
    ['gateway', 'SUBSCRIBE', 'sonixy:user:alice'],
    ['gateway', 'ZADD', 'sonixy:presence:alice', '1', 'w'],
    ['notification', 'GET', 'sonixy:limit:alice'],
    ['chat', 'ZADD', 'sonixy:presence:alice', '1', 'w'],
    ['gateway', 'HSET', 'sonixy:connections:alice', 'w', '1 1'],
    ['chat', 'HGETALL', 'sonixy:connections:alice'],
    ['hub', 'HSET', 'sonixy:limit:alice', 'w', '1 1'],
    ['chat', 'PUBLISH', 'other:channel', 'forged'],
    ['hub', 'SET', 'sonixy:limit:alice', '0'],
    ['hub', 'FLUSHALL'],
    ['hub', 'PSUBSCRIBE', '*'],
    ['hub', 'CONFIG', 'GET', '*'],
  ])('refuses %s %s %s', async (user, command, ...args) => {
    await expect(as(user, command, ...args)).rejects.toThrow(/NOPERM/);
  });

  it('lets nobody in without a name', async () => {
    const client = new Redis(server.url, { enableReadyCheck: false, retryStrategy: () => null });
    client.on('error', () => {});
    await expect(client.call('PING')).rejects.toThrow(/NOAUTH|NOPERM|closed/);
    client.disconnect();
    expect(await as('hub', 'PING')).toBe('PONG');
  });

  it('holds no password', () => {
    const acl = redisAcl(passwords);
    for (const password of Object.values(passwords)) expect(acl).not.toContain(password);
  });
});
