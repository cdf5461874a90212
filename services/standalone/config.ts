import { join, resolve } from 'node:path';
import { type ChatRules, readChatRules } from '#services/chat/config.ts';
import { readRevocationsEveryMs } from '#shared/auth/revocation-config.ts';
import { readTokenConfig } from '#shared/auth/token-config.ts';
import type { TokenConfig } from '#shared/auth/token-verifier.ts';
import { databases, queues } from '#shared/contract/names.ts';
import type { EnvReader } from '#shared/runtime/config.ts';

export type StandaloneConfig = {
  readonly host: string;
  readonly port: number;
  /** undefined: 9100, or any free port where that one is taken. */
  readonly opsPort: number | undefined;
  readonly dataDir: string;
  /** Real servers; undefined: the embedded part. */
  readonly amqpUrl: string | undefined;
  readonly mongo: { readonly url: string; readonly database: string; readonly chatDatabase: string } | undefined;
  readonly redisUrl: string | undefined;
  readonly queue: string;
  readonly chat: ChatRules;
  /** undefined: the key of the data folder signs, as `make token` does. */
  readonly tokens: TokenConfig | undefined;
  readonly issuer: string;
  readonly audience: string;
  /** Demo people and the demo event button. */
  readonly demo: boolean;
  /** Beyond the page's own origin. */
  readonly origins: readonly string[];
  readonly maxConnections: number;
  readonly revocationsEveryMs: number;
};

export function readStandaloneConfig(env: EnvReader): StandaloneConfig {
  const amqpUrl = env.optionalUrl('AMQP_URL', { protocols: ['amqp:', 'amqps:'] });
  const mongoUrl = env.optionalUrl('MONGODB_URL', { protocols: ['mongodb:', 'mongodb+srv:'] });
  const redisUrl = env.optionalUrl('REDIS_URL', { protocols: ['redis:', 'rediss:'] });
  const ownKey = ['JWT_JWKS_URL', 'JWT_HS256_SECRET', 'JWT_HS256_SECRET_FILE'].every(
    (name) => env.optionalText(name) === undefined,
  );
  const embedded = !amqpUrl && !mongoUrl && !redisUrl;
  const demo = env.boolean('DEMO', { default: embedded && ownKey });
  if (demo && !embedded)
    env.fault('DEMO=true is refused beside real servers: unset AMQP_URL, MONGODB_URL and REDIS_URL');
  if (demo && !ownKey)
    env.fault('DEMO=true is refused with a key of your own: unset JWT_HS256_SECRET and JWT_JWKS_URL');
  const opsPort = env.optionalText('OPS_PORT') === undefined ? undefined : env.port('OPS_PORT', { default: 9100 });
  return {
    host: env.text('HOST', { default: '127.0.0.1' }),
    port: env.port('PORT', { default: 8100 }),
    opsPort,
    dataDir: readDataDir(env),
    amqpUrl,
    mongo: mongoUrl
      ? {
          url: mongoUrl,
          database: env.text('MONGODB_DATABASE', { default: databases.notifications }),
          chatDatabase: env.text('CHAT_MONGODB_DATABASE', { default: databases.chat }),
        }
      : undefined,
    redisUrl,
    queue: env.text('NOTIFICATION_QUEUE', { default: queues.notificationUserInteraction }),
    chat: readChatRules(env),
    tokens: ownKey ? undefined : readTokenConfig(env),
    issuer: env.text('JWT_ISSUER', { default: 'Sonixy.IdentityService' }),
    audience: env.text('JWT_AUDIENCE', { default: 'Sonixy.Client' }),
    demo,
    origins: env.list('CORS_ORIGINS', { default: [] }),
    maxConnections: env.integer('HUB_MAX_CONNECTIONS', { default: 10_000, min: 1, max: 1_000_000 }),
    revocationsEveryMs: readRevocationsEveryMs(env),
  };
}

/** Where the embedded store, the keys and the lock live. */
export function readDataDir(env: EnvReader): string {
  return resolve(env.text('DATA_DIR', { default: '.data' }));
}

export function storeFile(dataDir: string): string {
  return join(dataDir, 'notifications.sqlite');
}

export function chatStoreFile(dataDir: string): string {
  return join(dataDir, 'chat.sqlite');
}

export function revocationStoreFile(dataDir: string): string {
  return join(dataDir, 'revocations.sqlite');
}
