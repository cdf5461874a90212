import { expect, test } from 'vitest';
import type { PodObject } from '../api/pod-spec.ts';
import { describeOnCluster } from '../use-cluster.ts';
import { deployment, shell } from './manifests.ts';
import { patiently } from './patiently.ts';

const apart = (name: string) => ({
  podAntiAffinity: {
    requiredDuringSchedulingIgnoredDuringExecution: [
      { labelSelector: { matchLabels: { app: name } }, topologyKey: 'topology.kubernetes.io/zone' },
    ],
  },
});

describeOnCluster('pods of the test cluster', (on) => {
  test('that want zones of their own get them, as long as there are any', async () => {
    const { cluster } = on;
    await cluster.create(deployment('apart', 4, shell()));
    const affinity = apart('apart');
    await cluster.patch('Deployment', 'apart', {
      spec: { strategy: { type: 'Recreate', rollingUpdate: null }, template: { spec: { affinity } } },
    });
    const isPlaced = ({ spec }: PodObject) => spec.nodeName !== undefined;
    await cluster.becomes<{
      metadata: { name: string };
      status?: { updatedReplicas?: number; readyReplicas?: number };
    }>('Deployment', 'apart', ({ status }) =>
      status?.updatedReplicas === 4 && status.readyReplicas === 3 ? undefined : JSON.stringify(status),
    );
    const placed = (await cluster.list<PodObject>('Pod', 'app=apart')).filter(isPlaced);
    expect(new Set(placed.map(({ spec }) => spec.nodeName)).size).toBe(3);
  });

  test('may be forty at once, and go as well', async () => {
    const { cluster } = on;
    await cluster.create(deployment('many', 40, shell()));
    await cluster.patch('Deployment', 'many', { spec: { template: { spec: { terminationGracePeriodSeconds: 0 } } } });
    const { spec } = await cluster.ready<{ metadata: { name: string }; spec: { replicas: number } }>(
      'Deployment',
      'many',
      {
        timeoutMs: 240_000,
      },
    );
    expect(spec.replicas).toBe(40);
    await cluster.remove('Deployment', 'many');
    await patiently(async () => {
      const left = await cluster.list('Pod', 'app=many');
      return left.length === 0 ? undefined : `${left.length} are left`;
    });
  });
});
