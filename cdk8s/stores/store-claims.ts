import { k8s } from 'cdk8s-plus-27';
import { selectorOf } from '../metadata.ts';
import type { StoreProps } from '../platform-props.ts';

/** Stores that keep data, each in claims that its StatefulSet makes of the template `dataClaim`. */
export type KeepingStore = 'rabbitmq' | 'mongodb';

/** Also the name of the volume in the pod. */
export const dataVolume = 'data';

/** Named by the store, its template and an ordinal; a StatefulSet never deletes one. */
export function dataClaim(
  store: KeepingStore,
  { storage, storageClass }: Pick<StoreProps, 'storage' | 'storageClass'>,
): k8s.KubePersistentVolumeClaimProps {
  return {
    metadata: { name: dataVolume, labels: { ...selectorOf(store) } },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: k8s.Quantity.fromString(storage) } },
      ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
    },
  };
}

/** Names of all claims that the store may ever have: also those of ordinals that it has no pod for now. */
export function claimsOf(store: KeepingStore): string[] {
  return [0, 1, 2].map((ordinal) => `${dataVolume}-${store}-${ordinal}`);
}
