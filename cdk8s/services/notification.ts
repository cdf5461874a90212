import type { Construct } from 'constructs';
import type { NotificationSetting } from '#services/notification/config.ts';
import { ports } from '../addresses.ts';
import type { PlatformProps } from '../platform-props.ts';
import { amqpSettings, internalSettings, mongoSettings, redisSettings, tokenSettings } from './environment-parts.ts';
import { ServiceWorkload } from './service-workload.ts';
import { trustSettings } from './trust-settings.ts';

/** Consumes interactions, stores notifications, pushes them. */
export class Notification extends ServiceWorkload<NotificationSetting> {
  constructor(scope: Construct, platform: PlatformProps) {
    super(scope, 'notification', {
      platform,
      component: 'notification',
      service: platform.notification,
      port: ports.notification,
      environment: {},
      parts: [
        tokenSettings(platform),
        trustSettings(platform, ['rabbitmq', 'mongodb', 'redis']),
        internalSettings(),
        amqpSettings(platform, 'notification'),
        redisSettings(platform, 'notification'),
        mongoSettings(platform, 'notification'),
      ],
      drainSeconds: 30,
    });
  }
}
