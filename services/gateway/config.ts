import { type RevocationSetting, readRevocationsEveryMs } from '#shared/auth/revocation-config.ts';
import { readTokenConfig, type TokenSetting } from '#shared/auth/token-config.ts';
import type { TokenConfig } from '#shared/auth/token-verifier.ts';
import { type Env, type EnvReader, readConfig } from '#shared/runtime/config.ts';
import { readTrustedCaDir, type TrustSetting } from '#shared/runtime/trusted-certificates.ts';
import { defaultGatewayLimits, type GatewayLimits } from './gateway-limits.ts';
import type { ServiceName } from './routes.ts';

export type GatewayConfig = {
  readonly host: string;
  readonly port: number;
  readonly opsPort: number;
  /** Of authorities that are trusted beside the public ones. */
  readonly trustedCaDir: string | undefined;
  /** Without it each gateway counts for itself. */
  readonly redisUrl: string | undefined;
  /** A service that is not named here is not routed. */
  readonly services: Readonly<Partial<Record<ServiceName, string>>>;
  readonly tokens: TokenConfig;
  /** Without it the gateway leaves revoked tokens to the services. */
  readonly internalSecret: string | undefined;
  readonly revocationsEveryMs: number;
  readonly origins: readonly string[];
  /** Programs that are no browser send no Origin. */
  readonly allowAbsentOrigin: boolean;
  /** Addresses and networks whose `X-Forwarded-*` are believed. */
  readonly trustedProxies: readonly string[];
  readonly limits: GatewayLimits;
};

type GatewayLimitSetting =
  | 'GATEWAY_ANONYMOUS_CONNECTS_PER_MINUTE'
  | 'GATEWAY_CIRCUIT_FAILURES'
  | 'GATEWAY_CIRCUIT_OPEN_MS'
  | 'GATEWAY_CONNECTS_PER_MINUTE'
  | 'GATEWAY_CONNECT_TIMEOUT_MS'
  | 'GATEWAY_DRAIN_WINDOW_MS'
  | 'GATEWAY_FAILURES_PER_MINUTE'
  | 'GATEWAY_HUB_SILENCE_TIMEOUT_MS'
  | 'GATEWAY_MAX_BODY_BYTES'
  | 'GATEWAY_MAX_CONNECTIONS_PER_ADDRESS'
  | 'GATEWAY_MAX_CONNECTIONS_PER_SERVICE'
  | 'GATEWAY_READS_PER_MINUTE'
  | 'GATEWAY_SILENCE_TIMEOUT_MS'
  | 'GATEWAY_WRITES_PER_MINUTE';
export type GatewaySetting =
  | 'HOST'
  | 'PORT'
  | 'OPS_PORT'
  | 'REDIS_URL'
  | 'REDIS_PASSWORD'
  | 'NOTIFICATION_URL'
  | 'INTERNAL_SECRET'
  | 'CHAT_URL'
  | 'HUB_URL'
  | 'CORS_ORIGINS'
  | 'GATEWAY_ALLOW_ABSENT_ORIGIN'
  | 'GATEWAY_TRUSTED_PROXIES'
  | RevocationSetting
  | TokenSetting
  | TrustSetting
  | GatewayLimitSetting;

const http = { protocols: ['http:', 'https:'] };

/** @throws ConfigError with every fault */
export function readGatewayConfig(env: Env): GatewayConfig {
  return readConfig(env, (reader: EnvReader<GatewaySetting>) => ({
    host: reader.text('HOST', { default: '0.0.0.0' }),
    port: reader.port('PORT', { default: 8100 }),
    opsPort: reader.port('OPS_PORT', { default: 9100 }),
    trustedCaDir: readTrustedCaDir(reader),
    redisUrl: reader.optionalUrlOfUser('REDIS_URL', 'REDIS_PASSWORD', { protocols: ['redis:', 'rediss:'] }),
    services: readServices(reader),
    tokens: readTokenConfig(reader),
    internalSecret: reader.optionalSecret('INTERNAL_SECRET', { minBytes: 32 }),
    revocationsEveryMs: readRevocationsEveryMs(reader),
    origins: reader.list('CORS_ORIGINS', { default: [] }),
    allowAbsentOrigin: reader.boolean('GATEWAY_ALLOW_ABSENT_ORIGIN', { default: true }),
    trustedProxies: reader.list('GATEWAY_TRUSTED_PROXIES', { default: [] }),
    limits: readLimits(reader),
  }));
}

function readServices(reader: EnvReader<GatewaySetting>): GatewayConfig['services'] {
  const notification = reader.url('NOTIFICATION_URL', http);
  const chat = reader.optionalUrl('CHAT_URL', http);
  const hub = reader.optionalUrl('HUB_URL', http);
  for (const [name, url] of Object.entries({ NOTIFICATION_URL: notification, CHAT_URL: chat, HUB_URL: hub })) {
    // The public path is the service's path: a prefix would be an error that shows as 404.
    if (url !== undefined && URL.canParse(url) && (new URL(url).pathname !== '/' || new URL(url).search !== '')) {
      reader.fault(`${name} must name a host and a port only, without a path`);
    }
  }
  return { notification, ...(chat === undefined ? {} : { chat }), ...(hub === undefined ? {} : { hub }) };
}

function readLimits(reader: EnvReader<GatewaySetting>): GatewayLimits {
  const read = (name: GatewayLimitSetting, fallback: number, min: number, max: number) =>
    reader.integer(name, { default: fallback, min, max });
  const limits = defaultGatewayLimits;
  return {
    readsPerMinute: read('GATEWAY_READS_PER_MINUTE', limits.readsPerMinute, 1, 1_000_000),
    writesPerMinute: read('GATEWAY_WRITES_PER_MINUTE', limits.writesPerMinute, 1, 1_000_000),
    connectsPerMinute: read('GATEWAY_CONNECTS_PER_MINUTE', limits.connectsPerMinute, 1, 1_000_000),
    anonymousConnectsPerMinute: read(
      'GATEWAY_ANONYMOUS_CONNECTS_PER_MINUTE',
      limits.anonymousConnectsPerMinute,
      1,
      1_000_000,
    ),
    maxConnectionsPerAddress: read(
      'GATEWAY_MAX_CONNECTIONS_PER_ADDRESS',
      limits.maxConnectionsPerAddress,
      1,
      1_000_000,
    ),
    failuresPerMinute: read('GATEWAY_FAILURES_PER_MINUTE', limits.failuresPerMinute, 1, 1_000_000),
    maxBodyBytes: read('GATEWAY_MAX_BODY_BYTES', limits.maxBodyBytes, 1_024, 1_073_741_824),
    connectTimeoutMs: read('GATEWAY_CONNECT_TIMEOUT_MS', limits.connectTimeoutMs, 10, 600_000),
    silenceTimeoutMs: read('GATEWAY_SILENCE_TIMEOUT_MS', limits.silenceTimeoutMs, 10, 600_000),
    hubSilenceTimeoutMs: read('GATEWAY_HUB_SILENCE_TIMEOUT_MS', limits.hubSilenceTimeoutMs, 10, 600_000),
    maxConnectionsPerService: read(
      'GATEWAY_MAX_CONNECTIONS_PER_SERVICE',
      limits.maxConnectionsPerService,
      1,
      1_000_000,
    ),
    circuitFailures: read('GATEWAY_CIRCUIT_FAILURES', limits.circuitFailures, 1, 1_000_000),
    circuitOpenMs: read('GATEWAY_CIRCUIT_OPEN_MS', limits.circuitOpenMs, 10, 600_000),
    drainWindowMs: read('GATEWAY_DRAIN_WINDOW_MS', limits.drainWindowMs, 0, 600_000),
  };
}
