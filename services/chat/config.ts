import { readTokenConfig } from '#shared/auth/token-config.ts';
import type { TokenConfig } from '#shared/auth/token-verifier.ts';
import { databases } from '#shared/contract/names.ts';
import { type Env, type EnvReader, readConfig } from '#shared/runtime/config.ts';
import { readStoreSettings, type StoreConfig } from '#shared/store/store-config.ts';

export type ChatConfig = {
  readonly host: string;
  readonly port: number;
  readonly opsPort: number;
  readonly amqpUrl: string;
  readonly redisUrl: string;
  readonly store: StoreConfig;
  readonly internalSecret: string;
  readonly tokens: TokenConfig;
  readonly origins: readonly string[];
  readonly rules: ChatRules;
};

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
  return readConfig(env, (reader) => ({
    host: reader.text('HOST', { default: '0.0.0.0' }),
    port: reader.port('PORT', { default: 8095 }),
    opsPort: reader.port('OPS_PORT', { default: 9100 }),
    amqpUrl: reader.url('AMQP_URL', { protocols: ['amqp:', 'amqps:'] }),
    redisUrl: reader.url('REDIS_URL', { protocols: ['redis:', 'rediss:'] }),
    store: readStore(reader),
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

export function readChatRules(reader: EnvReader): ChatRules {
  return {
    friendsUrl: reader.optionalUrl('FRIENDS_URL', { protocols: ['http:', 'https:'] }),
    maxMembers: reader.integer('CHAT_MAX_MEMBERS', { default: 1_000, min: 2, max: 10_000 }),
    tombstoneDays: reader.integer('CHAT_TOMBSTONE_DAYS', { default: 90, min: 1, max: 36_500 }),
    sweepEveryMs: reader.integer('CHAT_SWEEP_EVERY_MS', { default: 2_000, min: 50, max: 600_000 }),
    sweepGraceMs: reader.integer('CHAT_SWEEP_GRACE_MS', { default: 5_000, min: 0, max: 600_000 }),
  };
}

function readStore(reader: EnvReader): StoreConfig {
  return readStoreSettings(reader, {
    databaseSetting: 'CHAT_MONGODB_DATABASE',
    database: databases.chat,
    file: 'chat.sqlite',
  });
}
