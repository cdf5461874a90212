import { type Env, type EnvReader, readConfig } from '#shared/runtime/config.ts';
import { readTrustedCaDir, type TrustSetting } from '#shared/runtime/trusted-certificates.ts';

export type TopologySetting = TrustSetting | 'LOG_LEVEL' | 'AMQP_URL' | 'AMQP_PASSWORD' | 'AMQP_WAIT_SECONDS';

export type TopologyConfig = {
  readonly url: string;
  readonly trustedCaDir: string | undefined;
  readonly waitMs: number;
};

/** @throws ConfigError with every fault */
export function readTopologyConfig(env: Env): TopologyConfig {
  return readConfig(env, (reader: EnvReader<TopologySetting>) => ({
    url: reader.urlOfUser('AMQP_URL', 'AMQP_PASSWORD', { protocols: ['amqp:', 'amqps:'] }),
    trustedCaDir: readTrustedCaDir(reader),
    waitMs: reader.integer('AMQP_WAIT_SECONDS', { default: 300, min: 0, max: 3_600 }) * 1_000,
  }));
}
