import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, vi } from 'vitest';
import { sharedServer } from '../dev-env/shared.ts';
import { describeWithServer } from '../dev-env/with-server.ts';
import { Cluster } from './client/cluster.ts';
import type { ClusterAddress } from './settings.ts';

/** A cold build of the control plane is part of the first start. */
const START_TIMEOUT_MS = 45 * 60_000;
/** A test waits on conditions that give up sooner, and say why. */
const TEST_TIMEOUT_MS = 300_000;

/** What a describe has of the cluster that all test files of a run share. */
export type OnCluster = {
  /** In a namespace of the describe's own, which is deleted at its end. */
  readonly cluster: Cluster;
};

/**
 * A `describe` whose tests share the run's cluster, each such describe in a namespace of its own. Change nothing there
 * that is not in a namespace; a test that must takes `startCluster()`. Where the machine cannot run a cluster the tests
 * are skipped with the reason printed; with CI=true they fail.
 */
export function describeOnCluster(
  title: string,
  define: (on: OnCluster) => void,
  labels: Record<string, string> = {},
): void {
  describeWithServer('cluster', title, () => define(useCluster(labels)));
}

/** `labels`: of the namespace, e.g. Pod Security's. */
export function useCluster(labels: Record<string, string> = {}): OnCluster {
  vi.setConfig({ testTimeout: TEST_TIMEOUT_MS });
  let cluster: Cluster | undefined;
  beforeAll(async () => {
    const address = JSON.parse(await sharedServer('cluster')) as ClusterAddress;
    cluster = await ownNamespace(new Cluster(address), labels);
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await cluster?.remove('Namespace', cluster.namespace);
    cluster?.close();
  });
  return {
    get cluster() {
      if (cluster === undefined) throw new Error('the cluster is there when tests run');
      return cluster;
    },
  };
}

/** A new namespace, in which pods can be made at once. */
export async function ownNamespace(cluster: Cluster, labels: Record<string, string> = {}): Promise<Cluster> {
  const name = `test-${randomBytes(4).toString('hex')}`;
  await cluster.create({ kind: 'Namespace', metadata: { name, labels } });
  const own = cluster.in(name);
  // A controller makes it: a pod that comes sooner is refused.
  await own.becomes('ServiceAccount', 'default', () => undefined);
  return own;
}
