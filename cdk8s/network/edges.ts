import { type Store, stores } from '#shared/contract/secrets.ts';
import { ports } from '../addresses.ts';
import type { Component } from '../metadata.ts';
import type { PlatformProps } from '../platform-props.ts';
import { opsPort } from '../services/service-workload.ts';
import { externalOf, externalPorts, ownStores } from '../stores/external-store.ts';
import { usesTls } from '../stores/store-hosts.ts';

/** Who may open connections to a port of a part. */
export type Source =
  | { readonly component: Component }
  /** Whoever reaches the cluster: a load balancer, an ingress controller, a node. */
  | { readonly anybody: true }
  /** Pods of other namespaces that carry these labels. */
  | { readonly namespaces: Readonly<Record<string, string>> };

export type Edge = { readonly from: Source; readonly to: Component; readonly port: number };

/** Connections that leave the namespace, to addresses that no selector names. */
export type Exit = { readonly from: Component; readonly ports: readonly number[]; readonly why: string };

/** Cluster-internal ports of RabbitMQ: epmd, distribution, and the command line tools' range. */
const rabbitmqPeers = [4369, 25672, ...Array.from({ length: 11 }, (_, index) => 35672 + index)];
const managementPort = { plain: 15672, tls: 15671 };
const rabbitmqMetricsPort = { plain: 15692, tls: 15691 };

export const publisherLabel = { 'sonixy.io/publisher': 'true' } as const;

/** Each connection of docs/architecture.md; nothing else is open. */
export function edgesOf(platform: PlatformProps): Edge[] {
  const tls = usesTls(platform) ? 'tls' : 'plain';
  const amqp = usesTls(platform) ? ports.amqps : ports.amqp;
  const edge = (from: Component, to: Component, port: number): Edge => ({ from: { component: from }, to, port });
  const { monitoring, publishers = publisherLabel, plainPublishers = false } = platform.network ?? {};
  const scraped: Edge[] = monitoring
    ? [
        ...(['gateway', 'notification', 'chat', 'hub', 'mongodb'] as const).map((to) => ({ to, port: opsPort })),
        { to: 'rabbitmq' as const, port: rabbitmqMetricsPort[tls] },
      ].map((it) => ({ ...it, from: { namespaces: monitoring } }))
    : [];
  const own = ownStores(platform);
  const isThere = (component: Component) => !isStore(component) || own.includes(component);
  const published = [amqp, ...(plainPublishers ? [ports.amqp] : [])];
  const edges: Edge[] = [
    { from: { anybody: true }, to: 'gateway', port: ports.gateway },
    { from: { anybody: true }, to: 'hub', port: ports.hub },
    edge('gateway', 'notification', ports.notification),
    edge('gateway', 'chat', ports.chat),
    edge('hub', 'hub', ports.hub),
    edge('hub', 'notification', ports.notification),
    edge('hub', 'chat', ports.chat),
    edge('chat', 'notification', ports.notification),
    ...(['notification', 'chat', 'hub'] as const).map((from) => edge(from, 'rabbitmq', amqp)),
    ...(['notification', 'chat'] as const).map((from) => edge(from, 'mongodb', ports.mongodb)),
    ...(['gateway', 'notification', 'chat', 'hub'] as const).map((from) => edge(from, 'redis', ports.redis)),
    edge('mongodb', 'mongodb', ports.mongodb),
    ...[...rabbitmqPeers, amqp, managementPort[tls]].map((port) => edge('rabbitmq', 'rabbitmq', port)),
    ...[...new Set(published)].map((port): Edge => ({ from: { namespaces: publishers }, to: 'rabbitmq', port })),
    ...scraped,
  ];
  return edges.filter(({ from, to }) => isThere(to) && (!('component' in from) || isThere(from.component)));
}

/** Who connects to which store. */
const clientsOf: Readonly<Record<Store, readonly Component[]>> = {
  // Bootstrap declares the topology of one that is not ours.
  rabbitmq: ['notification', 'chat', 'hub', 'bootstrap'],
  mongodb: ['notification', 'chat'],
  redis: ['gateway', 'notification', 'chat', 'hub'],
};

function isStore(component: Component): component is Store {
  return (stores as readonly Component[]).includes(component);
}

function exitsToStores(platform: PlatformProps): Exit[] {
  return stores.flatMap((store) => {
    const external = externalOf(platform, store);
    if (!external) return [];
    const itsPorts = externalPorts(store, external);
    return clientsOf[store].map((from): Exit => ({ from, ports: itsPorts, why: `external ${store}` }));
  });
}

export function exitsOf(platform: PlatformProps): Exit[] {
  const { tokens } = platform;
  const checksTokens: readonly Component[] = ['gateway', 'notification', 'chat', 'hub'];
  const jwks = tokens.jwksUrl === undefined ? [] : [portOf(tokens.jwksUrl)];
  return [
    ...(jwks.length === 0 ? [] : checksTokens.map((from): Exit => ({ from, ports: jwks, why: 'JWKS' }))),
    ...(['bootstrap', 'certificates'] as const).map(
      (from): Exit => ({ from, ports: [443, 6443], why: 'Kubernetes API' }),
    ),
    ...exitsToStores(platform),
  ];
}

function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}
