import { certificateSecrets, type Store, stores } from '#shared/contract/secrets.ts';
import { type InCluster, type KubernetesSetting, readInCluster } from '#shared/kubernetes/in-cluster.ts';
import { type Env, type EnvReader, readConfig } from '#shared/runtime/config.ts';
import type { Lifetimes, Server } from './certificates/ensure-certificates.ts';
import type { KeepingStores } from './secrets/ensure-secrets.ts';

/** Of all commands; each reads its own. */
export type BootstrapSetting =
  | KubernetesSetting
  | 'LOG_LEVEL'
  | 'KUBERNETES_WAIT_SECONDS'
  | 'RABBITMQ_CLAIMS'
  | 'MONGODB_CLAIMS'
  | NamesSetting
  | 'CERTIFICATE_SECONDS'
  | 'AUTHORITY_SECONDS'
  | 'TRUST_SECONDS'
  | 'SETTLE_SECONDS';

/** Comma list of DNS names that a store is connected to by. */
type NamesSetting = `${Uppercase<Store>}_NAMES`;

/** Of commands that talk with the API server. */
type ApiConfig = InCluster & { readonly waitMs: number };

export type SecretsConfig = ApiConfig & { readonly stores: KeepingStores };

export type CertificatesConfig = ApiConfig & { readonly servers: readonly Server[]; readonly lifetimes: Lifetimes };

const daySeconds = 86_400;

/** @throws ConfigError with every fault */
export function readSecretsConfig(env: Env): SecretsConfig {
  return readConfig(env, (reader: EnvReader<BootstrapSetting>) => ({
    ...readApiConfig(reader),
    stores: {
      rabbitmq: { name: 'rabbitmq', claims: reader.list('RABBITMQ_CLAIMS') },
      mongodb: { name: 'mongodb', claims: reader.list('MONGODB_CLAIMS') },
    },
  }));
}

/** @throws ConfigError with every fault */
export function readCertificatesConfig(env: Env): CertificatesConfig {
  return readConfig(env, (reader: EnvReader<BootstrapSetting>) => ({
    ...readApiConfig(reader),
    servers: readServers(reader),
    lifetimes: readLifetimes(reader),
  }));
}

function readServers(reader: EnvReader<BootstrapSetting>): Server[] {
  const servers = stores.flatMap((store): Server[] => {
    const setting: NamesSetting = `${store.toUpperCase() as Uppercase<Store>}_NAMES`;
    const names = reader.list(setting, { default: [] });
    const wrong = names.filter((name) => !/^(?=.{1,253}$)[a-z0-9.-]+$/.test(name));
    if (wrong.length > 0) reader.fault(`${setting} must hold DNS names, got ${wrong.join(', ')}`);
    // It is the certificate's common name as well.
    else if ((names[0]?.length ?? 0) > 64) reader.fault(`${setting}: the first name must have at most 64 characters`);
    return names.length === 0 ? [] : [{ secret: certificateSecrets[store], names }];
  });
  if (servers.length === 0) reader.fault('one of RABBITMQ_NAMES, MONGODB_NAMES, REDIS_NAMES is required');
  return servers;
}

function readLifetimes(reader: EnvReader<BootstrapSetting>): Lifetimes {
  const read = (name: BootstrapSetting, days: number, min: number) =>
    reader.integer(name, { default: days * daySeconds, min, max: 100 * 365 * daySeconds });
  const authority = read('AUTHORITY_SECONDS', 5 * 365, 60);
  const certificate = read('CERTIFICATE_SECONDS', 90, 20);
  const settle = reader.integer('SETTLE_SECONDS', { default: 3_600, min: 0, max: 30 * daySeconds });
  const trust = reader.integer('TRUST_SECONDS', { default: 120 * daySeconds, min: 0, max: 10 * 365 * daySeconds });
  // A third of an authority's life is left when the next one comes, which signs after the time of trust.
  if (authority < 3 * (trust + certificate)) {
    reader.fault('AUTHORITY_SECONDS must be at least three times TRUST_SECONDS and CERTIFICATE_SECONDS together');
  }
  if (certificate < 6 * settle) reader.fault('CERTIFICATE_SECONDS must be at least six times SETTLE_SECONDS');
  return {
    authorityMs: authority * 1_000,
    certificateMs: certificate * 1_000,
    trustMs: trust * 1_000,
    settleMs: settle * 1_000,
  };
}

function readApiConfig(reader: EnvReader<BootstrapSetting>): ApiConfig {
  return {
    ...readInCluster(reader),
    waitMs: reader.integer('KUBERNETES_WAIT_SECONDS', { default: 300, min: 0, max: 3_600 }) * 1_000,
  };
}
