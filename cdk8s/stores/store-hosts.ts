import { ports } from '../addresses.ts';
import type { PlatformProps } from '../platform-props.ts';
import { ownStore } from './external-store.ts';

/** Names that the certificates of the stores are for, and that clients connect to. */
export const storeHosts = {
  rabbitmq: 'rabbitmq',
  redis: 'redis',
  /** Each member by its own name: a client of a replica set goes to whichever is the primary. */
  mongodb: (platform: PlatformProps): string[] =>
    Array.from(
      { length: ownStore(platform, 'mongodb').replicas },
      (_, ordinal) => `mongodb-${ordinal}.mongodb.${platform.namespace}.svc.cluster.local:${ports.mongodb}`,
    ),
} as const;

/** Names the nodes one by one: they know each other by it, so it can not be changed later. */
export const rabbitmqNodesService = 'rabbitmq-nodes';

export function usesTls({ tls = 'internal' }: PlatformProps): boolean {
  return tls !== 'off';
}
