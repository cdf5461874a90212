import type { PlatformOfOwnStores } from '../platform-props.ts';
import { version } from '../version.ts';

/** Everything that production has, small enough for a CI machine: together at most 3 CPU and 8 GiB. */
export const kind: PlatformOfOwnStores = {
  namespace: 'sonixy-realtime',
  images: { tag: version },
  tokens: { hs256Secret: { name: 'sonixy-tokens', key: 'hs256-secret' } },
  origins: ['http://localhost:3000'],
  gateway: { scale: { min: 2, max: 3, target: 70 }, resources: { cpu: '50m', memory: '128Mi' } },
  notification: { scale: { min: 2, max: 3, target: 70 }, resources: { cpu: '100m', memory: '192Mi' } },
  chat: { scale: { min: 2, max: 3, target: 70 }, resources: { cpu: '100m', memory: '192Mi' } },
  hub: {
    scale: { min: 2, max: 4, target: 200 },
    resources: { cpu: '100m', memory: '192Mi' },
    maxConnections: 1_000,
    drainSeconds: 10,
  },
  rabbitmq: { replicas: 3, resources: { cpu: '200m', memory: '512Mi' }, storage: '1Gi' },
  mongodb: { replicas: 3, resources: { cpu: '200m', memory: '768Mi' }, storage: '1Gi' },
  redis: { resources: { cpu: '50m', memory: '64Mi' } },
};
