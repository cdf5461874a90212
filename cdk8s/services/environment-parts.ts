import type { TokenSetting } from '#shared/auth/token-config.ts';
import { ports } from '../addresses.ts';
import type { PlatformProps } from '../platform-props.ts';
import type { Environment } from '../pod/environment.ts';
import { type Mount, secretFiles } from '../pod/mounts.ts';
import { secrets } from '../secrets.ts';
import { externalOf, externalUrl } from '../stores/external-store.ts';
import { storeHosts, usesTls } from '../stores/store-hosts.ts';

/** A setting, or the file that its value is in. */
export type SettingOrFile<Setting extends string> = Setting | `${Setting}_FILE`;

/** Some settings of a process and the files that they name. */
export type EnvironmentPart<Setting extends string> = {
  readonly environment: Environment<SettingOrFile<Setting>>;
  readonly mounts: readonly Mount[];
};

const folder = '/var/run/secrets/sonixy';

/** How tokens of users are checked. */
export function tokenSettings({ tokens }: PlatformProps): EnvironmentPart<TokenSetting> {
  const { issuer, audience, jwksUrl, hs256Secret } = tokens;
  const common = { JWT_ISSUER: issuer, JWT_AUDIENCE: audience };
  if (!hs256Secret) return { environment: { ...common, JWT_JWKS_URL: jwksUrl }, mounts: [] };
  const { name, key } = hs256Secret;
  return {
    environment: { ...common, JWT_HS256_SECRET_FILE: `${folder}/tokens/${key}` },
    mounts: [secretFiles(name, [key], `${folder}/tokens`)],
  };
}

/** What signs calls between our services. */
export function internalSettings(): EnvironmentPart<'INTERNAL_SECRET'> {
  const { name, keys } = secrets.internal;
  return {
    environment: { INTERNAL_SECRET_FILE: `${folder}/internal/${keys.internalSecret}` },
    mounts: [secretFiles(name, [keys.internalSecret], `${folder}/internal`)],
  };
}

type AmqpUser = 'notification' | 'chat' | 'hub' | 'admin';

export function amqpSettings(platform: PlatformProps, user: AmqpUser): EnvironmentPart<'AMQP_URL' | 'AMQP_PASSWORD'> {
  const external = externalOf(platform, 'rabbitmq');
  const { name, keys } = secrets.rabbitmq;
  const [scheme, port] = usesTls(platform) ? ['amqps', ports.amqps] : ['amqp', ports.amqp];
  return {
    environment: {
      AMQP_URL: external ? externalUrl(external, user) : `${scheme}://${user}@${storeHosts.rabbitmq}:${port}`,
      AMQP_PASSWORD_FILE: `${folder}/rabbitmq/${keys[user]}`,
    },
    mounts: [secretFiles(external?.passwords ?? name, [keys[user]], `${folder}/rabbitmq`)],
  };
}

type RedisUser = 'gateway' | 'notification' | 'chat' | 'hub';

export function redisSettings(
  platform: PlatformProps,
  user: RedisUser,
): EnvironmentPart<'REDIS_URL' | 'REDIS_PASSWORD'> {
  const external = externalOf(platform, 'redis');
  const { name, keys } = secrets.redis;
  return {
    environment: {
      REDIS_URL: external
        ? externalUrl(external, user)
        : `${usesTls(platform) ? 'rediss' : 'redis'}://${user}@${storeHosts.redis}:${ports.redis}`,
      REDIS_PASSWORD_FILE: `${folder}/redis/${keys[user]}`,
    },
    mounts: [secretFiles(external?.passwords ?? name, [keys[user]], `${folder}/redis`)],
  };
}

type MongoUser = 'notification' | 'chat';

export function mongoSettings(
  platform: PlatformProps,
  user: MongoUser,
): EnvironmentPart<'MONGODB_URL' | 'MONGODB_PASSWORD'> {
  const external = externalOf(platform, 'mongodb');
  const { name, keys } = secrets.mongodb;
  const options = new URLSearchParams({
    replicaSet: 'rs0',
    authSource: 'admin',
    ...(usesTls(platform) ? { tls: 'true' } : {}),
  });
  return {
    environment: {
      MONGODB_URL: external
        ? externalUrl(external, user)
        : `mongodb://${user}@${storeHosts.mongodb(platform).join(',')}/?${options}`,
      MONGODB_PASSWORD_FILE: `${folder}/mongodb/${keys[user]}`,
    },
    mounts: [secretFiles(external?.passwords ?? name, [keys[user]], `${folder}/mongodb`)],
  };
}
