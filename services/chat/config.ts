import { type RevocationSetting, readRevocationsEveryMs } from '#shared/auth/revocation-config.ts';
import { readTokenConfig, type TokenSetting } from '#shared/auth/token-config.ts';
import type { TokenConfig } from '#shared/auth/token-verifier.ts';
import { databases } from '#shared/contract/names.ts';
import { type Env, type EnvReader, readConfig } from '#shared/runtime/config.ts';
import { readTrustedCaDir, type TrustSetting } from '#shared/runtime/trusted-certificates.ts';
import { readStoreSettings, type StoreConfig, type StoreSetting } from '#shared/store/store-config.ts';

export type ChatConfig = {
  readonly host: string;
  readonly port: number;
  readonly opsPort: number;
  /** Of authorities that are trusted beside the public ones. */
  readonly trustedCaDir: string | undefined;
  readonly amqpUrl: string;
  readonly redisUrl: string;
  readonly store: StoreConfig;
  /** Who keeps the revocations. */
  readonly notificationUrl: string;
  readonly revocationsEveryMs: number;
  readonly internalSecret: string;
  readonly tokens: TokenConfig;
  readonly origins: readonly string[];
  readonly rules: ChatRules;
};

type ChatStoreSetting = StoreSetting | 'CHAT_MONGODB_DATABASE';
type ChatRuleSetting =
  | 'FRIENDS_URL'
  | 'CHAT_MAX_MEMBERS'
  | 'CHAT_TOMBSTONE_DAYS'
  | 'CHAT_SWEEP_EVERY_MS'
  | 'CHAT_SWEEP_GRACE_MS';
export type ChatSetting =
  | 'HOST'
  | 'PORT'
  | 'OPS_PORT'
  | 'AMQP_URL'
  | 'AMQP_PASSWORD'
  | 'REDIS_URL'
  | 'REDIS_PASSWORD'
  | 'NOTIFICATION_URL'
  | 'INTERNAL_SECRET'
  | 'CORS_ORIGINS'
  | RevocationSetting
  | TokenSetting
  | TrustSetting
  | ChatStoreSetting
  | ChatRuleSetting;

/** What whoever runs the platform decides. */
export type ChatRules = {
  /** Who knows whom; undefined: everybody may write to everybody. */
  readonly friendsUrl: string | undefined;
  readonly maxMembers: number;
  readonly tombstoneDays: number;
  readonly sweepEveryMs: number;
  readonly sweepGraceMs: number;
};

/** @throws ConfigError with every fault */
export function readChatConfig(env: Env): ChatConfig {
  return readConfig(env, (reader: EnvReader<ChatSetting>) => ({
    host: reader.text('HOST', { default: '0.0.0.0' }),
    port: reader.port('PORT', { default: 8095 }),
    opsPort: reader.port('OPS_PORT', { default: 9100 }),
    trustedCaDir: readTrustedCaDir(reader),
    amqpUrl: reader.urlOfUser('AMQP_URL', 'AMQP_PASSWORD', { protocols: ['amqp:', 'amqps:'] }),
    redisUrl: reader.urlOfUser('REDIS_URL', 'REDIS_PASSWORD', { protocols: ['redis:', 'rediss:'] }),
    store: readStore(reader),
    notificationUrl: reader.url('NOTIFICATION_URL', { protocols: ['http:', 'https:'] }),
    revocationsEveryMs: readRevocationsEveryMs(reader),
    internalSecret: reader.secret('INTERNAL_SECRET', { minBytes: 32 }),
    tokens: readTokenConfig(reader),
    origins: reader.list('CORS_ORIGINS', { default: [] }),
    rules: readChatRules(reader),
  }));
}

/** For the commands that need nothing but the store. @throws ConfigError */
export function readStoreConfig(env: Env): StoreConfig {
  return readConfig(env, readStore);
}

export function readChatRules(reader: EnvReader<ChatRuleSetting>): ChatRules {
  return {
    friendsUrl: reader.optionalUrl('FRIENDS_URL', { protocols: ['http:', 'https:'] }),
    maxMembers: reader.integer('CHAT_MAX_MEMBERS', { default: 1_000, min: 2, max: 10_000 }),
    tombstoneDays: reader.integer('CHAT_TOMBSTONE_DAYS', { default: 90, min: 1, max: 36_500 }),
    sweepEveryMs: reader.integer('CHAT_SWEEP_EVERY_MS', { default: 2_000, min: 50, max: 600_000 }),
    sweepGraceMs: reader.integer('CHAT_SWEEP_GRACE_MS', { default: 5_000, min: 0, max: 600_000 }),
  };
}

function readStore(reader: EnvReader<ChatStoreSetting>): StoreConfig {
  return readStoreSettings(reader, {
    databaseSetting: 'CHAT_MONGODB_DATABASE',
    database: databases.chat,
    file: 'chat.sqlite',
  });
}
