import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '#shared/runtime/config.ts';
import { readHubConfig } from './config.ts';

const key = () => randomBytes(32).toString('base64');
const good = {
  REDIS_URL: 'redis://127.0.0.1:6379',
  NOTIFICATION_URL: 'http://notification:8094',
  INTERNAL_SECRET: key(),
  HUB_ID_KEYS: `2:${key()},1:${key()}`,
  JWT_ISSUER: 'issuer',
  JWT_AUDIENCE: 'audience',
  JWT_HS256_SECRET: key(),
};

function faults(change: Record<string, string | undefined>): readonly string[] {
  try {
    readHubConfig({ ...good, ...change });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe('hub config', () => {
  it('takes the first id key as the current one and keeps the others', () => {
    const { idKeys, port, limits } = readHubConfig({ ...good, HUB_MAX_CONNECTIONS: '5' });
    expect(idKeys.current).toBe('2');
    expect([...idKeys.keys.keys()]).toEqual(['2', '1']);
    expect([port, limits.maxConnections, limits.drainWindowMs]).toEqual([8097, 5, 15_000]);
  });

  it('has chat where CHAT_URL is set, which then needs a bus', () => {
    expect(readHubConfig(good).chat).toBeUndefined();
    const chat = { CHAT_URL: 'http://chat:8095', AMQP_URL: 'amqp://127.0.0.1' };
    const config = readHubConfig({ ...good, ...chat, HUB_CLOSE_CHAT_AT_EXPIRY: 'true' });
    expect(config.chat).toEqual({ url: chat.CHAT_URL, amqpUrl: chat.AMQP_URL, queue: 'hub-message-events' });
    expect(config.closeAtExpiry).toEqual({ notifications: false, chat: true, socketIo: false });
    expect([readHubConfig(good), config].map(({ limits }) => limits.maxMessagesPerMinute)).toEqual([120, 600]);
    expect(faults({ CHAT_URL: 'chat:8095', AMQP_URL: '' })).toHaveLength(2);
  });

  it('caps addresses where it knows its proxies, or is told to', () => {
    expect(readHubConfig(good).addresses).toBeUndefined();
    const { addresses } = readHubConfig({ ...good, HUB_TRUSTED_PROXIES: '10.0.0.0/8, fd00::/8' });
    expect(addresses?.maxConnections).toBe(1_000);
    expect(['10.1.2.3', 'fd00::1', '11.0.0.1'].map((it) => addresses?.proxies.trusts(it))).toEqual([true, true, false]);
    const told = readHubConfig({ ...good, HUB_MAX_CONNECTIONS_PER_ADDRESS: '5' }).addresses;
    expect([told?.maxConnections, told?.proxies.trusts('10.1.2.3')]).toEqual([5, false]);
    expect(faults({ HUB_TRUSTED_PROXIES: 'lb,10.0.0.0/33', HUB_MAX_CONNECTIONS_PER_ADDRESS: '0' })).toHaveLength(3);
  });

  it('takes an address that others reach it at, and has none without', () => {
    expect(readHubConfig(good).workerAddress).toBeUndefined();
    for (const address of ['10.1.2.3', 'fd00::1', 'http://hub-1:8097']) {
      expect(readHubConfig({ ...good, HUB_WORKER_ADDRESS: address }).workerAddress).toBe(address);
    }
    expect(faults({ HUB_WORKER_ADDRESS: 'hub-1' })).toEqual([
      'HUB_WORKER_ADDRESS must be an IP address or http://host:port, got "hub-1"',
    ]);
  });

  it('reports all faults at once', () => {
    expect(faults({ REDIS_URL: '', NOTIFICATION_URL: 'ftp://x', HUB_MAX_CONNECTIONS: 'many' })).toHaveLength(3);
  });

  it.each([['1:c2hvcnQ='], ['1'], [`1:${key()},1:${key()}`], [`a b:${key()}`], [',']])(
    'refuses id keys like %j',
    (keys) => {
      const found = faults({ HUB_ID_KEYS: keys });
      expect(found.length).toBeGreaterThan(0);
      expect(found.join()).not.toContain(keys.split(':')[1]?.slice(0, 20) || 'nothing');
    },
  );
});
