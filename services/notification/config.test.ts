import { describe, expect, it } from 'vitest';
import { ConfigError } from '#shared/runtime/config.ts';
import { readNotificationConfig, readStoreConfig } from './config.ts';

const secret = 's'.repeat(32);
const env = {
  AMQP_URL: 'amqp://rabbit',
  REDIS_URL: 'redis://redis',
  MONGODB_URL: 'mongodb://mongo',
  INTERNAL_SECRET: secret,
  JWT_HS256_SECRET: secret,
};

function faultsOf(change: Record<string, string | undefined>): readonly string[] {
  try {
    readNotificationConfig({ ...env, ...change });
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
  }
  return [];
}

describe('notification config', () => {
  it('has defaults for all but servers and secrets', () => {
    expect(readNotificationConfig(env)).toMatchObject({
      host: '0.0.0.0',
      port: 8094,
      opsPort: 9100,
      store: { kind: 'mongo', url: 'mongodb://mongo', database: 'sonixy_notifications' },
      queue: 'notification-service-user-interaction',
      prefetch: 300,
      origins: [],
      tombstoneDays: 90,
    });
  });

  it('keeps rows in a file where DATA_DIR is set', () => {
    expect(readStoreConfig({ DATA_DIR: '/data' })).toEqual({
      kind: 'sqlite',
      dataDir: '/data',
      file: '/data/notifications.sqlite',
    });
  });

  it('tells all faults at once', () => {
    const faults = faultsOf({
      AMQP_URL: '',
      REDIS_URL: 'http://redis',
      MONGODB_URL: undefined,
      INTERNAL_SECRET: 'short',
    });
    for (const name of ['AMQP_URL', 'REDIS_URL', 'MONGODB_URL', 'INTERNAL_SECRET']) {
      expect(
        faults.some((fault) => fault.includes(name)),
        name,
      ).toBe(true);
    }
    expect(faults).toHaveLength(4);
  });

  it.each([
    ['two stores', { DATA_DIR: '/data' }, 'MONGODB_URL and DATA_DIR'],
    ['the queue of the .NET services', { NOTIFICATION_QUEUE: 'UserInteraction' }, 'NOTIFICATION_QUEUE'],
    ['no retention', { NOTIFICATION_TOMBSTONE_DAYS: '0' }, 'NOTIFICATION_TOMBSTONE_DAYS'],
  ])('refuses %s', (_what, change, name) => {
    expect(faultsOf(change)).toEqual([expect.stringContaining(name)]);
  });
});
