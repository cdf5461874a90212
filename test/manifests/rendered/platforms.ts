import { dev } from '../../../cdk8s/environments/dev.ts';
import { environments } from '../../../cdk8s/environments/environments.ts';
import { production } from '../../../cdk8s/environments/production.ts';
import type { PlatformProps } from '../../../cdk8s/platform-props.ts';
import { Manifests } from './manifests.ts';

const monitoring = { 'kubernetes.io/metadata.name': 'monitoring' };
const routes = {
  hosts: ['realtime.example.com', '*.example.org'],
  parents: [
    { name: 'public', namespace: 'gateways' },
    { name: 'inner', sectionName: 'https' },
  ],
  ingress: { className: 'public', tlsSecret: 'public-tls' },
} as const;
const ca = { secret: 'their-authority', key: 'root.pem' };
const fixed = { scale: { replicas: 3 } };

/** Every environment, and every switch turned at least once. */
const props: Readonly<Record<string, PlatformProps>> = {
  ...environments,
  'cert-manager': { ...production, tls: 'cert-manager' },
  'tls off': { ...production, tls: 'off' },
  'tls in dev': { ...dev, tls: 'internal' },
  'assigned ids': { ...production, userIds: 'assigned' },
  'strict spread': { ...production, spread: 'strict' },
  monitored: { ...production, network: { monitoring }, monitoring: { labels: { release: 'prometheus' } } },
  routed: { ...production, routes },
  'with all kinds of others': {
    ...production,
    tls: 'cert-manager',
    network: { monitoring },
    monitoring: { labels: { release: 'prometheus' } },
    routes,
  },
  'plain publishers': { ...production, network: { plainPublishers: true, publishers: { team: 'posts' } } },
  'fixed scale': {
    ...production,
    gateway: { ...production.gateway, ...fixed },
    notification: { ...production.notification, ...fixed },
    chat: { ...production.chat, ...fixed },
    hub: { ...production.hub, ...fixed },
  },
  'stores of others': {
    ...production,
    rabbitmq: { external: { url: 'amqps://mq.example.com', passwords: 'their-rabbitmq', ca } },
    mongodb: { external: { url: 'mongodb+srv://db.example.com/?authSource=admin', passwords: 'their-mongodb' } },
    redis: { external: { url: 'rediss://cache.example.com:6380', passwords: 'their-redis', ca } },
  },
  'own images and names': {
    ...production,
    namespace: 'chat-of-others',
    images: {
      registry: 'registry.example.com/mirror',
      tag: '9.9.9',
      digests: { hub: `sha256:${'0'.repeat(64)}` },
      pullSecrets: ['pull'],
    },
    tokens: { hs256Secret: { name: 'their-tokens', key: 'their-key' }, issuer: 'them', audience: 'us' },
    rabbitmq: { ...production.rabbitmq, storageClass: 'fast' },
    mongodb: { ...production.mongodb, storageClass: 'fast' },
    certificates: {
      schedule: '1 * * * *',
      certificateSeconds: 86_400,
      authoritySeconds: 40_000_000,
      trustSeconds: 864_000,
      settleSeconds: 600,
    },
    network: { trustedProxies: ['10.0.0.0/8'] },
    logLevel: 'debug',
  },
};

/** Rendered once: whoever changes one takes a copy. */
export const platforms: ReadonlyMap<string, Manifests> = new Map(
  Object.entries(props).map(([name, platform]) => [name, new Manifests(platform)]),
);

export function platformOf(name: string): Manifests {
  const found = platforms.get(name);
  if (!found) throw new Error(`no platform is named ${name}`);
  return found;
}
