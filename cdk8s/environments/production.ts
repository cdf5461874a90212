import type { PlatformOfOwnStores } from '../platform-props.ts';
import { version } from '../version.ts';

/**
 * A start for some tens of thousands of connections. Whoever installs it names the own identity service and pages, and adds
 * what is off: `routes`, `network.trustedProxies`, `network.monitoring` with `monitoring`. See docs/operations.md.
 */
export const production: PlatformOfOwnStores = {
  namespace: 'sonixy-realtime',
  images: { tag: version },
  tokens: { jwksUrl: 'https://identity.example.com/.well-known/jwks.json' },
  origins: ['https://www.example.com'],
  gateway: { scale: { min: 3, max: 12, target: 70 }, resources: { cpu: '500m', memory: '256Mi' } },
  notification: { scale: { min: 3, max: 12, target: 70 }, resources: { cpu: '500m', memory: '384Mi' } },
  chat: { scale: { min: 3, max: 12, target: 70 }, resources: { cpu: '500m', memory: '384Mi' } },
  hub: { scale: { min: 3, max: 40, target: 5_000 }, resources: { cpu: '1', memory: '1536Mi' }, maxConnections: 10_000 },
  rabbitmq: { replicas: 3, resources: { cpu: '1', memory: '2Gi' }, storage: '20Gi' },
  mongodb: { replicas: 3, resources: { cpu: '1', memory: '4Gi' }, storage: '100Gi' },
  redis: { resources: { cpu: '500m', memory: '256Mi' } },
};
