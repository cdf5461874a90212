import { afterAll, beforeAll, vi } from 'vitest';
import { dev } from '../../../cdk8s/environments/dev.ts';
import type { PlatformProps } from '../../../cdk8s/platform-props.ts';
import { type KubeObject, renderPlatform } from '../../../cdk8s/synth/render.ts';
import type { PodObject } from '../api/pod-spec.ts';
import { Cluster, type Manifest } from '../client/cluster.ts';
import { type RunningCluster, startCluster } from '../start-cluster.ts';
import { ownNamespace } from '../use-cluster.ts';
import { assignUsers } from './assigned-users.ts';
import { serveNamesFromTheNode } from './names-from-the-node.ts';

export const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
export const tokenSecret = 'x'.repeat(64);
/** On a machine that does much else. */
export const patience = { timeoutMs: 300_000 };

const monitoring = { team: 'monitoring' };
const startMs = 45 * 60_000;
const testMs = 600_000;

export type DifferentCluster = {
  /** In the platform's namespace. */
  readonly cluster: Cluster;
  /** The same in the namespace that may scrape. */
  readonly monitors: Cluster;
  /** All that was applied, of these props. */
  readonly objects: readonly KubeObject[];
  readonly platform: PlatformProps;
  /** The name of a running pod. */
  podOf(component: string): Promise<string>;
};

/**
 * The smallest platform on a cluster without zone labels and metrics, that serves names from a node's network and assigns
 * users. All that belongs to no namespace: hence a cluster of its own, and one for all tests of it.
 */
export function useDifferentCluster(): DifferentCluster {
  vi.setConfig({ testTimeout: testMs });
  let running: RunningCluster | undefined;
  let on: Omit<DifferentCluster, 'podOf'> | undefined;
  beforeAll(async () => {
    running = await startCluster({ zones: false });
    on = await install(new Cluster(running.address));
  }, startMs);
  afterAll(async () => {
    on?.cluster.close();
    await running?.stop();
  });
  const there = () => {
    if (on === undefined) throw new Error('the cluster is there when tests run');
    return on;
  };
  return {
    get cluster() {
      return there().cluster;
    },
    get monitors() {
      return there().monitors;
    },
    get objects() {
      return there().objects;
    },
    get platform() {
      return there().platform;
    },
    async podOf(component) {
      const pods = await there().cluster.list<PodObject>('Pod', `app.kubernetes.io/name=${component}`);
      const alive = pods.find(({ metadata, status }) => !metadata.deletionTimestamp && status.phase === 'Running');
      if (!alive) throw new Error(`there is no pod of ${component}`);
      return alive.metadata.name;
    },
  };
}

async function install(admin: Cluster): Promise<Omit<DifferentCluster, 'podOf'>> {
  const cluster = await ownNamespace(admin, restricted);
  const monitors = await ownNamespace(admin, monitoring);
  await Promise.all([serveNamesFromTheNode(admin), assignUsers(cluster)]);
  const platform: PlatformProps = {
    ...dev,
    namespace: cluster.namespace,
    tls: 'internal',
    userIds: 'assigned',
    spread: 'soft',
    network: { monitoring },
    gateway: { ...dev.gateway, scale: { min: 1, max: 2, target: 100 } },
    hub: { ...dev.hub, scale: { min: 1, max: 4, target: 2 } },
  };
  const { platform: objects } = renderPlatform(platform);
  const stringData = { 'hs256-secret': tokenSecret };
  await cluster.create({ kind: 'Secret', metadata: { name: 'sonixy-tokens' }, stringData });
  for (const object of objects) await cluster.apply(object as Manifest);
  return { cluster, monitors, objects, platform };
}

/** @throws Error when there is none */
export function find(objects: readonly KubeObject[], kind: string, name: string): KubeObject {
  const found = objects.find((object) => object.kind === kind && object.metadata.name === name);
  if (!found) throw new Error(`there is no ${kind} ${name}`);
  return found;
}
