import type { Construct } from 'constructs';
import type { ChatSetting } from '#services/chat/config.ts';
import { ports, serviceUrls } from '../addresses.ts';
import type { PlatformProps } from '../platform-props.ts';
import { amqpSettings, internalSettings, mongoSettings, redisSettings, tokenSettings } from './environment-parts.ts';
import { ServiceWorkload } from './service-workload.ts';
import { trustSettings } from './trust-settings.ts';

/** Conversations and messages: stores first, then publishes. */
export class Chat extends ServiceWorkload<ChatSetting> {
  constructor(scope: Construct, platform: PlatformProps) {
    super(scope, 'chat', {
      platform,
      component: 'chat',
      service: platform.chat,
      port: ports.chat,
      environment: { NOTIFICATION_URL: serviceUrls.notification },
      parts: [
        tokenSettings(platform),
        trustSettings(platform, ['rabbitmq', 'mongodb', 'redis']),
        internalSettings(),
        amqpSettings(platform, 'chat'),
        redisSettings(platform, 'chat'),
        mongoSettings(platform, 'chat'),
      ],
      drainSeconds: 30,
    });
  }
}
