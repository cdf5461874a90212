import { type Env, type EnvReader, readConfig } from '#shared/runtime/config.ts';

export type RedisSidecarSetting =
  | 'HOST'
  | 'OPS_PORT'
  | 'REDIS_PORT'
  | 'TLS_FOLDER'
  | 'PASSWORD_FILE'
  | 'CHECK_EVERY_MS';

export type RedisSidecarConfig = {
  readonly host: string;
  readonly opsPort: number;
  /** Of the Redis in this pod, on localhost. */
  readonly redisPort: number;
  /** Of the mounted Secret, at the same path as in Redis' container: tls.crt, tls.key, ca.crt. */
  readonly tlsFolder: string;
  /** Of the user `sidecar`. The ACL is made with it. */
  readonly passwordFile: string;
  readonly checkEveryMs: number;
};

/** @throws ConfigError with every fault */
export function readRedisSidecarConfig(env: Env): RedisSidecarConfig {
  return readConfig(env, (reader: EnvReader<RedisSidecarSetting>) => ({
    host: reader.text('HOST', { default: '0.0.0.0' }),
    opsPort: reader.port('OPS_PORT', { default: 9100 }),
    redisPort: reader.port('REDIS_PORT', { default: 6379 }),
    tlsFolder: reader.text('TLS_FOLDER'),
    passwordFile: reader.text('PASSWORD_FILE'),
    checkEveryMs: reader.integer('CHECK_EVERY_MS', { default: 5_000, min: 10, max: 600_000 }),
  }));
}
