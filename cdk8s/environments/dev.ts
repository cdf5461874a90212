import type { PlatformOfOwnStores } from '../platform-props.ts';
import { version } from '../version.ts';

/** One of each, small, for one's own cluster: no TLS between the parts. */
export const dev: PlatformOfOwnStores = {
  namespace: 'sonixy-realtime',
  images: { tag: version },
  tokens: { hs256Secret: { name: 'sonixy-tokens', key: 'hs256-secret' } },
  origins: ['http://localhost:3000'],
  gateway: { scale: { replicas: 1 }, resources: { cpu: '50m', memory: '128Mi' } },
  notification: { scale: { replicas: 1 }, resources: { cpu: '100m', memory: '192Mi' } },
  chat: { scale: { replicas: 1 }, resources: { cpu: '100m', memory: '192Mi' } },
  hub: { scale: { replicas: 1 }, resources: { cpu: '100m', memory: '192Mi' } },
  rabbitmq: { replicas: 1, resources: { cpu: '200m', memory: '512Mi' }, storage: '1Gi' },
  mongodb: { replicas: 1, resources: { cpu: '200m', memory: '768Mi' }, storage: '1Gi' },
  redis: { resources: { cpu: '50m', memory: '64Mi' } },
  spread: 'none',
  tls: 'off',
};
