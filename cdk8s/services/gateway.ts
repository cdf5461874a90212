import type { Construct } from 'constructs';
import type { GatewaySetting } from '#services/gateway/config.ts';
import { ports, serviceUrls } from '../addresses.ts';
import type { PlatformProps } from '../platform-props.ts';
import { redisSettings, tokenSettings } from './environment-parts.ts';
import { ServiceWorkload } from './service-workload.ts';

/** The REST edge. */
export class Gateway extends ServiceWorkload<GatewaySetting> {
  constructor(scope: Construct, platform: PlatformProps) {
    super(scope, 'gateway', {
      platform,
      component: 'gateway',
      service: platform.gateway,
      port: ports.gateway,
      environment: { NOTIFICATION_URL: serviceUrls.notification, CHAT_URL: serviceUrls.chat },
      parts: [tokenSettings(platform), redisSettings(platform, 'gateway')],
      drainSeconds: 30,
    });
  }
}
