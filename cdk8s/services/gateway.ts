import type { Construct } from 'constructs';
import type { GatewaySetting } from '#services/gateway/config.ts';
import { ports, serviceUrls } from '../addresses.ts';
import type { PlatformProps } from '../platform-props.ts';
import { internalSettings, redisSettings, tokenSettings } from './environment-parts.ts';
import { ServiceWorkload } from './service-workload.ts';
import { trustSettings } from './trust-settings.ts';

/** The REST edge. */
export class Gateway extends ServiceWorkload<GatewaySetting> {
  constructor(scope: Construct, platform: PlatformProps) {
    super(scope, 'gateway', {
      platform,
      component: 'gateway',
      service: platform.gateway,
      port: ports.gateway,
      environment: {
        NOTIFICATION_URL: serviceUrls.notification,
        CHAT_URL: serviceUrls.chat,
        // Else everybody behind a load balancer is one address.
        GATEWAY_TRUSTED_PROXIES: platform.network?.trustedProxies?.join(','),
      },
      parts: [
        tokenSettings(platform),
        trustSettings(platform, ['redis']),
        internalSettings(),
        redisSettings(platform, 'gateway'),
      ],
      drainSeconds: 30,
    });
  }
}
