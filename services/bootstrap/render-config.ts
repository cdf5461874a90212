import { type Env, type EnvReader, readConfig } from '#shared/runtime/config.ts';

/** Of the commands that render a server's files from its passwords before it starts. */
export type RenderSetting =
  | 'PASSWORDS_FOLDER'
  | 'PUBLISHER_FOLDER'
  | 'REDIS_ACL_FILE'
  | 'REDIS_SIDECAR_PASSWORD_FILE'
  | 'RABBITMQ_DEFINITIONS_FILE'
  | 'RABBITMQ_COOKIE_FILE'
  | 'MONGODB_KEY_FILE';

export type RedisAclConfig = {
  readonly passwordsFolder: string;
  readonly aclFile: string;
  /** Where a password of the sidecar is written, a new one each time. undefined: there is no sidecar. */
  readonly sidecarPasswordFile: string | undefined;
};

export type MongodbKeyFileConfig = { readonly passwordsFolder: string; readonly keyFile: string };

export type RabbitmqDefinitionsConfig = {
  /** Where the mounted Secrets are: a file for each key. */
  readonly passwordsFolder: string;
  readonly publisherFolder: string;
  readonly definitionsFile: string;
  readonly cookieFile: string;
};

/** @throws ConfigError with every fault */
export function readRedisAclConfig(env: Env): RedisAclConfig {
  return readConfig(env, (reader: EnvReader<RenderSetting>) => ({
    passwordsFolder: reader.text('PASSWORDS_FOLDER'),
    aclFile: reader.text('REDIS_ACL_FILE'),
    sidecarPasswordFile: reader.optionalText('REDIS_SIDECAR_PASSWORD_FILE'),
  }));
}

/** @throws ConfigError with every fault */
export function readRabbitmqDefinitionsConfig(env: Env): RabbitmqDefinitionsConfig {
  return readConfig(env, (reader: EnvReader<RenderSetting>) => ({
    passwordsFolder: reader.text('PASSWORDS_FOLDER'),
    publisherFolder: reader.text('PUBLISHER_FOLDER'),
    definitionsFile: reader.text('RABBITMQ_DEFINITIONS_FILE'),
    cookieFile: reader.text('RABBITMQ_COOKIE_FILE'),
  }));
}

/** @throws ConfigError with every fault */
export function readMongodbKeyFileConfig(env: Env): MongodbKeyFileConfig {
  return readConfig(env, (reader: EnvReader<RenderSetting>) => ({
    passwordsFolder: reader.text('PASSWORDS_FOLDER'),
    keyFile: reader.text('MONGODB_KEY_FILE'),
  }));
}
