import { expect } from 'vitest';
import type { Cluster } from '#test/cluster/client/cluster.ts';
import { ownNamespace } from '#test/cluster/use-cluster.ts';
import type { KubeObject } from '../../../cdk8s/synth/render.ts';
import { whereOf } from '../rendered/manifests.ts';
import { lost } from './lost.ts';

type Live = KubeObject & { metadata: { name: string; resourceVersion?: string } };

const kindOf = ({ apiVersion, kind }: KubeObject) => `${apiVersion}/${kind}`;

/** Objects without pods, so that nothing changes them but who applies them. */
export async function emptyNamespace(cluster: Cluster): Promise<Cluster> {
  const own = await ownNamespace(cluster, { 'pod-security.kubernetes.io/enforce': 'restricted' });
  await own.create({
    kind: 'ResourceQuota',
    apiVersion: 'v1',
    metadata: { name: 'no-pods' },
    spec: { hard: { pods: '0' } },
  });
  await own.becomes<KubeObject & { status?: { hard?: object } }>('v1/ResourceQuota', 'no-pods', ({ status }) =>
    status?.hard ? undefined : 'is not counted yet',
  );
  return own;
}

/** Each of them is there with every field that it was applied with. */
export async function expectKept(cluster: Cluster, objects: readonly KubeObject[]): Promise<void> {
  for (const object of objects) {
    const live = await cluster.get<Live>(kindOf(object), object.metadata.name);
    expect(lost(object, live), whereOf(object)).toEqual([]);
  }
}

/** resourceVersion by object; not of Jobs, whose status moves. */
export async function versionsOf(
  cluster: Cluster,
  objects: readonly KubeObject[],
): Promise<Record<string, string | undefined>> {
  const versions: Record<string, string | undefined> = {};
  for (const object of objects.filter(({ kind }) => kind !== 'Job')) {
    const { metadata } = await cluster.get<Live>(kindOf(object), object.metadata.name);
    versions[whereOf(object)] = metadata.resourceVersion;
  }
  return versions;
}
