import type { Store } from '#shared/contract/secrets.ts';
import type { PlatformProps } from '../platform-props.ts';
import { rabbitmqNodesService } from './store-hosts.ts';

/** Services that name the pods of a store one by one. */
const governing: Readonly<Partial<Record<Store, string>>> = { rabbitmq: rabbitmqNodesService, mongodb: 'mongodb' };

/** All that a store is connected to by: its Service, each of its pods, and itself from within the pod. */
export function certificateNames(store: Store, { namespace }: Pick<PlatformProps, 'namespace'>): string[] {
  const inNamespace = `${namespace}.svc`;
  const service = governing[store];
  // Three, however many there are: a certificate lasts when the store grows.
  const pods = service === undefined ? [] : [0, 1, 2].map((ordinal) => `${store}-${ordinal}.${service}.${inNamespace}`);
  return [
    store,
    `${store}.${namespace}`,
    ...[`${store}.${inNamespace}`, ...pods].flatMap((name) => [name, `${name}.cluster.local`]),
    'localhost',
  ];
}
