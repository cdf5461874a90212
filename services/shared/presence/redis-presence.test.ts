import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { afterEach, beforeAll, expect, it } from 'vitest';
import type { UserId } from '#shared/contract/ids.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { sharedRedis } from '#test/dev-env/shared.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { JumpingClock } from '#test/jumping-clock.ts';
import { connectRedisPresence } from './redis-presence.ts';

const log = createLogger({ name: 'test', level: 'silent' });

describeWithServer('redis', 'connections of a user in Redis', () => {
  let url: string;
  const open: { close(): unknown }[] = [];
  beforeAll(async () => {
    ({ url } = await sharedRedis());
  });
  afterEach(async () => {
    for (const it of open.splice(0)) await it.close();
  });

  it('keep no memory of workers that died, however long others keep him', async () => {
    const clock = new JumpingClock();
    const user = `user-${randomUUID()}` as UserId;
    const connect = (worker: string) => {
      const presence = connectRedisPresence({ url, worker, log, clock, ttlMs: 60_000 });
      open.push(presence);
      return presence;
    };
    const redis = new Redis(url);
    open.push({ close: () => redis.disconnect() });
    const [alive, dead] = [connect('alive'), connect('dead')];
    await eventually(async () => void (await dead.count(new Map([[user, 3]]))));
    await eventually(async () => void (await alive.count(new Map([[user, 1]]))));
    for (const presence of [alive, dead]) await presence.beat([user]);
    // It has expired, and counts no more; a clock that goes before may still say so.
    clock.jump(60_000);
    expect(await alive.count(new Map([[user, 1]]))).toEqual(new Map([[user, 0]]));
    const workers = async () => [
      ...(await redis.hkeys(`sonixy:connections:${user}`)),
      ...(await redis.zrange(`sonixy:presence:${user}`, '0', '-1')),
    ];
    expect((await workers()).sort()).toEqual(['alive', 'alive', 'dead', 'dead']);
    clock.jump(60_000);
    await alive.count(new Map([[user, 1]]));
    await eventually(async () => {
      const left = (await workers()).join();
      return left === 'alive,alive' ? undefined : left;
    });
    expect(await redis.pttl(`sonixy:connections:${user}`)).toBeGreaterThan(0);
    await alive.count(new Map([[user, 0]]));
    expect(await redis.exists(`sonixy:connections:${user}`)).toBe(0);
  });
});
