import { ports } from '../addresses.ts';
import type { PlatformProps } from '../platform-props.ts';

/** Names that the certificates of the stores are for, and that clients connect to. */
export const storeHosts = {
  rabbitmq: 'rabbitmq',
  redis: 'redis',
  /** Each member by its own name: a client of a replica set goes to whichever is the primary. */
  mongodb: ({ namespace, mongodb }: PlatformProps): string[] =>
    Array.from(
      { length: mongodb.replicas },
      (_, ordinal) => `mongodb-${ordinal}.mongodb.${namespace}.svc.cluster.local:${ports.mongodb}`,
    ),
} as const;

export function usesTls({ tls = 'internal' }: PlatformProps): boolean {
  return tls !== 'off';
}
