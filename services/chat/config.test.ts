import { describe, expect, it } from 'vitest';
import { ConfigError } from '#shared/runtime/config.ts';
import { readChatConfig, readStoreConfig } from './config.ts';

const secret = 's'.repeat(32);
const env = {
  AMQP_URL: 'amqp://rabbit',
  REDIS_URL: 'redis://redis',
  MONGODB_URL: 'mongodb://mongo',
  NOTIFICATION_URL: 'http://notification:8094',
  INTERNAL_SECRET: secret,
  JWT_HS256_SECRET: secret,
};

function faultsOf(change: Record<string, string | undefined>): readonly string[] {
  try {
    readChatConfig({ ...env, ...change });
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
  }
  return [];
}

describe('chat config', () => {
  it('has defaults for all but servers and secrets', () => {
    expect(readChatConfig(env)).toMatchObject({
      host: '0.0.0.0',
      port: 8095,
      opsPort: 9100,
      store: { kind: 'mongo', url: 'mongodb://mongo', database: 'sonixy_chat' },
      origins: [],
      rules: {
        friendsUrl: undefined,
        maxMembers: 1_000,
        tombstoneDays: 90,
        sweepEveryMs: 2_000,
        sweepGraceMs: 5_000,
      },
    });
  });

  it('keeps rows in a file of its own where DATA_DIR is set', () => {
    expect(readStoreConfig({ DATA_DIR: '/data' })).toEqual({
      kind: 'sqlite',
      dataDir: '/data',
      file: '/data/chat.sqlite',
    });
  });

  it('takes another database, and a service that knows who follows whom', () => {
    const { store, rules } = readChatConfig({
      ...env,
      CHAT_MONGODB_DATABASE: 'mine',
      FRIENDS_URL: 'http://social/friends',
    });
    expect(store).toMatchObject({ database: 'mine' });
    expect(rules.friendsUrl).toBe('http://social/friends');
  });

  it('tells all faults at once', () => {
    const faults = faultsOf({
      AMQP_URL: '',
      REDIS_URL: 'http://redis',
      MONGODB_URL: undefined,
      INTERNAL_SECRET: 'short',
      FRIENDS_URL: 'ftp://social',
    });
    for (const name of ['AMQP_URL', 'REDIS_URL', 'MONGODB_URL', 'INTERNAL_SECRET', 'FRIENDS_URL']) {
      expect(
        faults.some((fault) => fault.includes(name)),
        name,
      ).toBe(true);
    }
    expect(faults).toHaveLength(5);
  });

  it.each([
    ['two stores', { DATA_DIR: '/data' }, 'MONGODB_URL and DATA_DIR'],
    ['a group of one', { CHAT_MAX_MEMBERS: '1' }, 'CHAT_MAX_MEMBERS'],
    ['no retention', { CHAT_TOMBSTONE_DAYS: '0' }, 'CHAT_TOMBSTONE_DAYS'],
    ['sweeps without a pause', { CHAT_SWEEP_EVERY_MS: '0' }, 'CHAT_SWEEP_EVERY_MS'],
  ])('refuses %s', (_what, change, name) => {
    expect(faultsOf(change)).toEqual([expect.stringContaining(name)]);
  });
});
