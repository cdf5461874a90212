import { type RevocationSetting, readRevocationsEveryMs } from '#shared/auth/revocation-config.ts';
import { readTokenConfig, type TokenSetting } from '#shared/auth/token-config.ts';
import type { TokenConfig } from '#shared/auth/token-verifier.ts';
import { databases, queues } from '#shared/contract/names.ts';
import { type Env, type EnvReader, readConfig } from '#shared/runtime/config.ts';
import { readTrustedCaDir, type TrustSetting } from '#shared/runtime/trusted-certificates.ts';
import { readStoreSettings, type StoreConfig, type StoreSetting } from '#shared/store/store-config.ts';

export type { StoreConfig } from '#shared/store/store-config.ts';

export type NotificationConfig = {
  readonly host: string;
  readonly port: number;
  readonly opsPort: number;
  /** Of authorities that are trusted beside the public ones. */
  readonly trustedCaDir: string | undefined;
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
  readonly revocationsEveryMs: number;
};

type NotificationStoreSetting = StoreSetting | 'MONGODB_DATABASE';
export type NotificationSetting =
  | 'HOST'
  | 'PORT'
  | 'OPS_PORT'
  | 'AMQP_URL'
  | 'AMQP_PASSWORD'
  | 'REDIS_URL'
  | 'REDIS_PASSWORD'
  | 'NOTIFICATION_QUEUE'
  | 'NOTIFICATION_PREFETCH'
  | 'NOTIFICATION_TOMBSTONE_DAYS'
  | 'INTERNAL_SECRET'
  | 'CORS_ORIGINS'
  | RevocationSetting
  | TokenSetting
  | TrustSetting
  | NotificationStoreSetting;

/** @throws ConfigError with every fault */
export function readNotificationConfig(env: Env): NotificationConfig {
  return readConfig(env, (reader: EnvReader<NotificationSetting>) => ({
    host: reader.text('HOST', { default: '0.0.0.0' }),
    port: reader.port('PORT', { default: 8094 }),
    opsPort: reader.port('OPS_PORT', { default: 9100 }),
    trustedCaDir: readTrustedCaDir(reader),
    amqpUrl: reader.urlOfUser('AMQP_URL', 'AMQP_PASSWORD', { protocols: ['amqp:', 'amqps:'] }),
    redisUrl: reader.urlOfUser('REDIS_URL', 'REDIS_PASSWORD', { protocols: ['redis:', 'rediss:'] }),
    store: readStore(reader),
    queue: readQueue(reader),
    prefetch: reader.integer('NOTIFICATION_PREFETCH', { default: 300, min: 1, max: 10_000 }),
    internalSecret: reader.secret('INTERNAL_SECRET', { minBytes: 32 }),
    tokens: readTokenConfig(reader),
    origins: reader.list('CORS_ORIGINS', { default: [] }),
    tombstoneDays: reader.integer('NOTIFICATION_TOMBSTONE_DAYS', { default: 90, min: 1, max: 36_500 }),
    revocationsEveryMs: readRevocationsEveryMs(reader),
  }));
}

/** For the commands that need nothing but the store. @throws ConfigError */
export function readStoreConfig(env: Env): StoreConfig {
  return readConfig(env, readStore);
}

function readStore(reader: EnvReader<NotificationStoreSetting>): StoreConfig {
  return readStoreSettings(reader, {
    databaseSetting: 'MONGODB_DATABASE',
    database: databases.notifications,
    file: 'notifications.sqlite',
  });
}

function readQueue(reader: EnvReader<NotificationSetting>): string {
  const queue = reader.text('NOTIFICATION_QUEUE', { default: queues.notificationUserInteraction });
  if (queue === 'UserInteraction') {
    reader.fault('NOTIFICATION_QUEUE must not be UserInteraction: .NET services take events from it');
  }
  return queue;
}
