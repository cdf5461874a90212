import { type RevocationSetting, readRevocationsEveryMs } from '#shared/auth/revocation-config.ts';
import { readTokenConfig, type TokenSetting } from '#shared/auth/token-config.ts';
import type { TokenConfig } from '#shared/auth/token-verifier.ts';
import { queues } from '#shared/contract/names.ts';
import { createTrustedProxies } from '#shared/http/client-address.ts';
import { defaultHubLimits } from '#shared/hub/hub-limits.ts';
import { defaultPresenceTtlMs } from '#shared/presence/presence.ts';
import { type Env, type EnvReader, readConfig } from '#shared/runtime/config.ts';
import { readTrustedCaDir, type TrustSetting } from '#shared/runtime/trusted-certificates.ts';
import type { TokenKeys } from '#shared/signalr/index.ts';
import { isWorkerAddress } from './forward/worker-address.ts';
import { defaultMessagesPerMinute, type HubSocketsLimits, type HubSocketsOptions } from './hub.ts';

export type HubConfig = {
  readonly host: string;
  readonly port: number;
  readonly opsPort: number;
  /** Of authorities that are trusted beside the public ones. */
  readonly trustedCaDir: string | undefined;
  readonly redisUrl: string;
  readonly notificationUrl: string;
  /** Where conversations are read, and the bus that their events come over. undefined: no chat. */
  readonly chat: { readonly url: string; readonly amqpUrl: string; readonly queue: string } | undefined;
  readonly internalSecret: string;
  readonly idKeys: TokenKeys;
  readonly tokens: TokenConfig;
  readonly origins: readonly string[];
  /** Programs that are no browser send no Origin. */
  readonly allowAbsentOrigin: boolean;
  /** The pod's UID; undefined: one is made for this run. */
  readonly workerId: string | undefined;
  /** Where other workers reach this one, as `workerUrl` takes it; undefined: they don't, and it passes nothing on. */
  readonly workerAddress: string | undefined;
  readonly limits: HubSocketsLimits;
  /** undefined: one address may have as many connections as it likes. */
  readonly addresses: HubSocketsOptions['addresses'];
  /** How long a user counts as online, and his connections count, after a worker's last word of him. */
  readonly presenceTtlMs: number;
  readonly revocationsEveryMs: number;
  readonly closeAtExpiry: { readonly notifications: boolean; readonly chat: boolean; readonly socketIo: boolean };
};

export type HubSetting =
  | 'HOST'
  | 'PORT'
  | 'OPS_PORT'
  | 'REDIS_URL'
  | 'REDIS_PASSWORD'
  | 'NOTIFICATION_URL'
  | 'CHAT_URL'
  | 'AMQP_URL'
  | 'AMQP_PASSWORD'
  | 'INTERNAL_SECRET'
  | 'CORS_ORIGINS'
  | 'POD_UID'
  | 'HUB_ALLOW_ABSENT_ORIGIN'
  | 'HUB_CLOSE_CHAT_AT_EXPIRY'
  | 'HUB_CLOSE_NOTIFICATIONS_AT_EXPIRY'
  | 'HUB_CLOSE_SOCKET_IO_AT_EXPIRY'
  | 'HUB_ID_KEYS'
  | 'HUB_PRESENCE_TTL_MS'
  | 'HUB_QUEUE'
  | 'HUB_TRUSTED_PROXIES'
  | 'HUB_WORKER_ADDRESS'
  | RevocationSetting
  | TokenSetting
  | TrustSetting
  | HubLimitSetting;

type HubLimitSetting =
  | 'HUB_ADMISSION_WAIT_MS'
  | 'HUB_COMPARE_EVERY_MS'
  | 'HUB_CONNECTS_PER_SECOND'
  | 'HUB_DRAIN_WINDOW_MS'
  | 'HUB_MAX_CONNECTIONS'
  | 'HUB_MAX_CONNECTIONS_PER_ADDRESS'
  | 'HUB_MAX_CONNECTIONS_PER_USER'
  | 'HUB_MAX_HELD_ROWS'
  | 'HUB_MAX_MESSAGES_PER_MINUTE'
  | 'HUB_MAX_QUEUED_BYTES'
  | 'HUB_MEMBERSHIPS_EVERY_MS'
  | 'HUB_PRESENCE_EVERY_MS'
  | 'HUB_TYPING_EVERY_MS';

/** @throws ConfigError with every fault */
export function readHubConfig(env: Env): HubConfig {
  return readConfig(env, (reader: EnvReader<HubSetting>) => {
    const chat = readChat(reader);
    return {
      host: reader.text('HOST', { default: '0.0.0.0' }),
      port: reader.port('PORT', { default: 8097 }),
      opsPort: reader.port('OPS_PORT', { default: 9100 }),
      trustedCaDir: readTrustedCaDir(reader),
      redisUrl: reader.urlOfUser('REDIS_URL', 'REDIS_PASSWORD', { protocols: ['redis:', 'rediss:'] }),
      notificationUrl: reader.url('NOTIFICATION_URL', { protocols: ['http:', 'https:'] }),
      chat,
      internalSecret: reader.secret('INTERNAL_SECRET'),
      idKeys: readIdKeys(reader),
      tokens: readTokenConfig(reader),
      origins: reader.list('CORS_ORIGINS', { default: [] }),
      allowAbsentOrigin: reader.boolean('HUB_ALLOW_ABSENT_ORIGIN', { default: true }),
      workerId: reader.optionalText('POD_UID'),
      workerAddress: readWorkerAddress(reader),
      limits: readLimits(reader, chat !== undefined),
      addresses: readAddresses(reader),
      presenceTtlMs: reader.integer('HUB_PRESENCE_TTL_MS', {
        default: defaultPresenceTtlMs,
        min: 1_000,
        max: 3_600_000,
      }),
      revocationsEveryMs: readRevocationsEveryMs(reader),
      closeAtExpiry: {
        notifications: reader.boolean('HUB_CLOSE_NOTIFICATIONS_AT_EXPIRY', { default: false }),
        chat: reader.boolean('HUB_CLOSE_CHAT_AT_EXPIRY', { default: false }),
        socketIo: reader.boolean('HUB_CLOSE_SOCKET_IO_AT_EXPIRY', { default: false }),
      },
    };
  });
}

function readChat(reader: EnvReader<HubSetting>): HubConfig['chat'] {
  const url = reader.optionalUrl('CHAT_URL', { protocols: ['http:', 'https:'] });
  if (url === undefined) return undefined;
  return {
    url,
    amqpUrl: reader.urlOfUser('AMQP_URL', 'AMQP_PASSWORD', { protocols: ['amqp:', 'amqps:'] }),
    queue: reader.text('HUB_QUEUE', { default: queues.hubMessages }),
  };
}

function readWorkerAddress(reader: EnvReader<HubSetting>): string | undefined {
  const address = reader.optionalText('HUB_WORKER_ADDRESS');
  if (address !== undefined && !isWorkerAddress(address)) {
    reader.fault(`HUB_WORKER_ADDRESS must be an IP address or http://host:port, got ${JSON.stringify(address)}`);
  }
  return address;
}

/** Who names no proxy may stand behind one, and then all clients are one address: he gets a cap only by asking for it. */
function readAddresses(reader: EnvReader<HubSetting>): HubConfig['addresses'] {
  const trusted = reader.list('HUB_TRUSTED_PROXIES', { default: [] });
  if (trusted.length === 0 && reader.optionalText('HUB_MAX_CONNECTIONS_PER_ADDRESS') === undefined) return undefined;
  const maxConnections = reader.integer('HUB_MAX_CONNECTIONS_PER_ADDRESS', { default: 1_000, min: 1, max: 1_000_000 });
  return { proxies: createTrustedProxies(trusted), maxConnections };
}

/** `HUB_ID_KEYS`: `version:base64 of 32 bytes`, comma list, the current one first; older ones still open tokens. */
function readIdKeys(reader: EnvReader<HubSetting>): TokenKeys {
  const keys = new Map<string, Uint8Array>();
  for (const item of reader.secret('HUB_ID_KEYS').split(',')) {
    const [version, text = ''] = item.trim().split(':');
    if (!version) continue;
    const key = Buffer.from(text, 'base64');
    if (!/^[A-Za-z0-9_-]{1,16}$/.test(version)) reader.fault('HUB_ID_KEYS: a version must be 1–16 of A–Z a–z 0–9 _ -');
    else if (key.length !== 32) reader.fault(`HUB_ID_KEYS: key ${version} must be 32 bytes in base64`);
    else if (keys.has(version)) reader.fault(`HUB_ID_KEYS: version ${version} is there twice`);
    else keys.set(version, key);
  }
  const [current] = keys.keys();
  if (current === undefined) reader.fault('HUB_ID_KEYS must hold at least one key');
  return { current: current ?? '', keys };
}

function readLimits(reader: EnvReader<HubSetting>, hasChat: boolean): HubSocketsLimits {
  const read = (name: HubLimitSetting, fallback: number, min: number, max: number) =>
    reader.integer(name, { default: fallback, min, max });
  const limits = defaultHubLimits;
  const perMinute = defaultMessagesPerMinute[hasChat ? 'withChat' : 'withoutChat'];
  return {
    ...limits,
    maxConnections: read('HUB_MAX_CONNECTIONS', limits.maxConnections, 1, 1_000_000),
    maxConnectionsPerUser: read('HUB_MAX_CONNECTIONS_PER_USER', limits.maxConnectionsPerUser, 1, 1_000_000),
    connectsPerSecond: read('HUB_CONNECTS_PER_SECOND', limits.connectsPerSecond, 1, 1_000_000),
    admissionWaitMs: read('HUB_ADMISSION_WAIT_MS', limits.admissionWaitMs, 0, 60_000),
    drainWindowMs: read('HUB_DRAIN_WINDOW_MS', limits.drainWindowMs, 0, 600_000),
    maxQueuedBytes: read('HUB_MAX_QUEUED_BYTES', limits.maxQueuedBytes, 1_024, 1_073_741_824),
    compareEveryMs: read('HUB_COMPARE_EVERY_MS', limits.compareEveryMs, 100, 600_000),
    membershipsEveryMs: read('HUB_MEMBERSHIPS_EVERY_MS', limits.membershipsEveryMs, 100, 600_000),
    maxMessagesPerMinute: read('HUB_MAX_MESSAGES_PER_MINUTE', perMinute, 1, 1_000_000),
    maxHeldRows: read('HUB_MAX_HELD_ROWS', limits.maxHeldRows, 1, 10_000),
    presenceEveryMs: read('HUB_PRESENCE_EVERY_MS', limits.presenceEveryMs, 100, 600_000),
    typingEveryMs: read('HUB_TYPING_EVERY_MS', limits.typingEveryMs, 0, 60_000),
  };
}
