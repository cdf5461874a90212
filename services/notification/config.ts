import { join, resolve } from 'node:path';
import { readTokenConfig } from '#shared/auth/token-config.ts';
import type { TokenConfig } from '#shared/auth/token-verifier.ts';
import { databases, queues } from '#shared/contract/names.ts';
import type { EnvReader } from '#shared/runtime/config.ts';
import type { NotificationLimits } from './notification.ts';

export type StoreConfig =
  | { readonly kind: 'mongo'; readonly url: string; readonly database: string }
  | { readonly kind: 'sqlite'; readonly file: string };

export type NotificationConfig = {
  readonly host: string;
  readonly port: number;
  readonly opsPort: number;
  readonly amqpUrl: string;
  readonly redisUrl: string;
  readonly store: StoreConfig;
  readonly queue: string;
  readonly internalSecret: string;
  readonly tokens: TokenConfig;
  readonly origins: readonly string[];
  readonly limits: NotificationLimits;
};

export function readNotificationConfig(env: EnvReader): NotificationConfig {
  return {
    host: env.text('HOST', { default: '0.0.0.0' }),
    port: env.port('PORT', { default: 8094 }),
    opsPort: env.port('OPS_PORT', { default: 9100 }),
    amqpUrl: env.url('AMQP_URL', { protocols: ['amqp:', 'amqps:'] }),
    redisUrl: env.url('REDIS_URL', { protocols: ['redis:', 'rediss:'] }),
    store: readStoreConfig(env),
    queue: readQueue(env),
    internalSecret: env.secret('INTERNAL_SECRET'),
    tokens: readTokenConfig(env),
    origins: env.list('CORS_ORIGINS', { default: [] }),
    limits: { tombstoneDays: env.integer('NOTIFICATION_TOMBSTONE_DAYS', { default: 90, min: 1, max: 3_650 }) },
  };
}

/** MongoDB where `MONGODB_URL` is set, else one SQLite file below `DATA_DIR`, which several replicas on one machine may share. */
export function readStoreConfig(env: EnvReader): StoreConfig {
  const url = env.optionalUrl('MONGODB_URL', { protocols: ['mongodb:', 'mongodb+srv:'] });
  const dataDir = env.optionalText('DATA_DIR');
  if (url !== undefined) {
    return { kind: 'mongo', url, database: env.text('MONGODB_DATABASE', { default: databases.notifications }) };
  }
  if (dataDir === undefined) env.fault('set MONGODB_URL, or DATA_DIR for one SQLite file');
  return { kind: 'sqlite', file: join(resolve(dataDir ?? '.'), 'notifications.sqlite') };
}

function readQueue(env: EnvReader): string {
  const queue = env.text('NOTIFICATION_QUEUE', { default: queues.notificationUserInteraction });
  if (queue === 'UserInteraction')
    env.fault('NOTIFICATION_QUEUE must not be UserInteraction: .NET services consume it');
  return queue;
}
