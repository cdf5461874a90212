import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Kube } from '../api/kube.ts';
import { KubeError } from '../api/kube.ts';
import type { Claim } from '../api/objects.ts';

export const PROVISIONER = 'node.test/folder';

/** A folder for every claim of a StorageClass of ours. It is kept until the cluster's end, whoever lets go of it. */
export async function provision(kube: Kube, folder: string, claim: Claim): Promise<void> {
  const { namespace, name, uid, annotations = {} } = claim.metadata;
  const { spec, status } = claim;
  if (status.phase !== 'Pending' || spec.volumeName !== undefined) return;
  // The scheduler's or controller's word that this class is whose it is.
  if (annotations['volume.kubernetes.io/storage-provisioner'] !== PROVISIONER) return;
  const path = join(folder, 'claims', `${namespace}_${name}_${uid}`);
  mkdirSync(path, { recursive: true, mode: 0o777 });
  const volume = {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: `pvc-${uid}`, annotations: { 'pv.kubernetes.io/provisioned-by': PROVISIONER } },
    spec: {
      capacity: { storage: spec.resources.requests.storage },
      accessModes: spec.accessModes,
      storageClassName: spec.storageClassName,
      persistentVolumeReclaimPolicy: 'Retain',
      hostPath: { path },
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid },
    },
  };
  const answer = await kube.request('POST', '/api/v1/persistentvolumes', volume);
  if (answer.status !== 201 && answer.status !== 409) throw new KubeError(`provision ${name}`, answer);
}
