import { type InCluster, type KubernetesSetting, readInCluster } from '#shared/kubernetes/in-cluster.ts';
import { type Env, type EnvReader, readConfig } from '#shared/runtime/config.ts';
import type { KeepingStores } from './secrets/ensure-secrets.ts';

/** Of all commands; each reads its own. */
export type BootstrapSetting =
  | KubernetesSetting
  | 'LOG_LEVEL'
  | 'KUBERNETES_WAIT_SECONDS'
  | 'RABBITMQ_CLAIMS'
  | 'MONGODB_CLAIMS';

/** Of commands that talk with the API server. */
type ApiConfig = InCluster & { readonly waitMs: number };

export type SecretsConfig = ApiConfig & { readonly stores: KeepingStores };

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

function readApiConfig(reader: EnvReader<BootstrapSetting>): ApiConfig {
  return {
    ...readInCluster(reader),
    waitMs: reader.integer('KUBERNETES_WAIT_SECONDS', { default: 300, min: 0, max: 3_600 }) * 1_000,
  };
}
