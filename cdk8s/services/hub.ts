import type { Construct } from 'constructs';
import type { HubSetting } from '#services/hub/config.ts';
import { ports, serviceUrls } from '../addresses.ts';
import type { PlatformProps } from '../platform-props.ts';
import { secretFiles } from '../pod/mounts.ts';
import { secrets } from '../secrets.ts';
import {
  amqpSettings,
  type EnvironmentPart,
  internalSettings,
  redisSettings,
  tokenSettings,
} from './environment-parts.ts';
import { ServiceWorkload } from './service-workload.ts';
import { trustSettings } from './trust-settings.ts';

/** From the last close of a drain until its client is back. */
const reconnectSeconds = 10;

/** The socket worker. */
export class Hub extends ServiceWorkload<HubSetting> {
  constructor(scope: Construct, platform: PlatformProps) {
    const { maxConnections, drainSeconds = 30 } = platform.hub;
    super(scope, 'hub', {
      platform,
      component: 'hub',
      service: platform.hub,
      port: ports.hub,
      environment: {
        NOTIFICATION_URL: serviceUrls.notification,
        CHAT_URL: serviceUrls.chat,
        POD_UID: { field: 'metadata.uid' },
        HUB_WORKER_ADDRESS: { field: 'status.podIP' },
        HUB_MAX_CONNECTIONS: maxConnections,
        // Only who knows them can tell clients apart, and so cap each.
        HUB_TRUSTED_PROXIES: platform.network?.trustedProxies?.join(','),
        HUB_DRAIN_WINDOW_MS: drainSeconds * 1_000,
      },
      parts: [
        tokenSettings(platform),
        trustSettings(platform, ['rabbitmq', 'redis']),
        internalSettings(),
        idKeys(),
        amqpSettings(platform, 'hub'),
        redisSettings(platform, 'hub'),
      ],
      drainSeconds: drainSeconds + reconnectSeconds,
      // A rollout that went on earlier would have all old workers drain at once.
      minReadySeconds: drainSeconds + reconnectSeconds,
      scaleOn: 'connections',
    });
  }
}

/** What connection ids are encrypted with; the same on all workers. */
function idKeys(): EnvironmentPart<'HUB_ID_KEYS'> {
  const { name, keys } = secrets.hubIds;
  const folder = '/var/run/secrets/sonixy/hub-ids';
  return {
    environment: { HUB_ID_KEYS_FILE: `${folder}/${keys.idKeys}` },
    mounts: [secretFiles(name, [keys.idKeys], folder)],
  };
}
