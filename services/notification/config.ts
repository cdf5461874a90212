import { join, resolve } from 'node:path';
import { readTokenConfig } from '#shared/auth/token-config.ts';
import type { TokenConfig } from '#shared/auth/token-verifier.ts';
import { databases, queues } from '#shared/contract/names.ts';
import { type Env, type EnvReader, readConfig } from '#shared/runtime/config.ts';

export type StoreConfig =
  | { readonly kind: 'mongo'; readonly url: string; readonly database: string }
  /** `file` lies in `dataDir`, which may have to be made. */
  | { readonly kind: 'sqlite'; readonly dataDir: string; readonly file: string };

export type NotificationConfig = {
  readonly host: string;
  readonly port: number;
  readonly opsPort: number;
  readonly amqpUrl: string;
  readonly redisUrl: string;
  readonly store: StoreConfig;
  readonly queue: string;
  /** Messages in hand at a time. */
  readonly prefetch: number;
  readonly internalSecret: string;
  readonly tokens: TokenConfig;
  readonly origins: readonly string[];
  readonly tombstoneDays: number;
};

/** @throws ConfigError with every fault */
export function readNotificationConfig(env: Env): NotificationConfig {
  return readConfig(env, (reader) => ({
    host: reader.text('HOST', { default: '0.0.0.0' }),
    port: reader.port('PORT', { default: 8094 }),
    opsPort: reader.port('OPS_PORT', { default: 9100 }),
    amqpUrl: reader.url('AMQP_URL', { protocols: ['amqp:', 'amqps:'] }),
    redisUrl: reader.url('REDIS_URL', { protocols: ['redis:', 'rediss:'] }),
    store: readStore(reader),
    queue: readQueue(reader),
    prefetch: reader.integer('NOTIFICATION_PREFETCH', { default: 300, min: 1, max: 10_000 }),
    internalSecret: reader.secret('INTERNAL_SECRET', { minBytes: 32 }),
    tokens: readTokenConfig(reader),
    origins: reader.list('CORS_ORIGINS', { default: [] }),
    tombstoneDays: reader.integer('NOTIFICATION_TOMBSTONE_DAYS', { default: 90, min: 1, max: 36_500 }),
  }));
}

/** For the commands that need nothing but the store. @throws ConfigError */
export function readStoreConfig(env: Env): StoreConfig {
  return readConfig(env, readStore);
}

function readStore(reader: EnvReader): StoreConfig {
  const url = reader.optionalUrl('MONGODB_URL', { protocols: ['mongodb:', 'mongodb+srv:'] });
  const dataDir = reader.optionalText('DATA_DIR');
  const database = reader.text('MONGODB_DATABASE', { default: databases.notifications });
  if (url !== undefined && dataDir !== undefined) {
    reader.fault('MONGODB_URL and DATA_DIR are both set: rows are kept in one of them');
  }
  if (url !== undefined) return { kind: 'mongo', url, database };
  if (dataDir === undefined)
    reader.fault('MONGODB_URL (or MONGODB_URL_FILE), or DATA_DIR for a SQLite file, is required');
  const folder = resolve(dataDir ?? '.');
  return { kind: 'sqlite', dataDir: folder, file: join(folder, 'notifications.sqlite') };
}

function readQueue(reader: EnvReader): string {
  const queue = reader.text('NOTIFICATION_QUEUE', { default: queues.notificationUserInteraction });
  if (queue === 'UserInteraction') {
    reader.fault('NOTIFICATION_QUEUE must not be UserInteraction: .NET services take events from it');
  }
  return queue;
}
