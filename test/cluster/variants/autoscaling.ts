import { expect, test } from 'vitest';
import type { Condition, KubeObject } from '../api/objects.ts';
import { patiently } from '../proofs/patiently.ts';
import { openConnections } from './connections.ts';
import { type DifferentCluster, patience, tokenSecret } from './different-cluster.ts';
import { serveMetricsApis } from './metrics-apis.ts';

type Scaled = KubeObject & { spec: { replicas: number }; status?: { readyReplicas?: number } };
type EventObject = KubeObject & { message: string; involvedObject: { kind: string; name: string } };
type Autoscaler = KubeObject & {
  status?: { currentReplicas?: number; lastScaleTime?: string; conditions?: Condition[] };
};

/** Between two steps down. */
const stepSeconds = 6;

/** The rendered autoscalers on the real controller: first without any metrics API, then with one. */
export function testAutoscaling(on: DifferentCluster): void {
  /** Shortens the window and the pause between two steps, which are minutes. */
  const scaleDownSoon = (name: string) => {
    const scaleDown = {
      stabilizationWindowSeconds: 2,
      policies: [{ type: 'Pods', value: 1, periodSeconds: stepSeconds }],
    };
    return on.cluster.patch('HorizontalPodAutoscaler', name, { spec: { behavior: { scaleDown } } });
  };

  test('keeps the number of hubs that it has while nothing serves their metric', async () => {
    // It has looked once it says how many there are, and does what it does in the same moment.
    for (const replicas of [2, 3, 2]) {
      await on.cluster.patch('Deployment', 'hub', { spec: { replicas } });
      const { status } = await on.cluster.becomes<Autoscaler>(
        'HorizontalPodAutoscaler',
        'hub',
        ({ status }) => (status?.currentReplicas === replicas ? undefined : JSON.stringify(status)),
        patience,
      );
      expect(status?.conditions).toContainEqual(
        expect.objectContaining({ type: 'ScalingActive', status: 'False', reason: 'FailedGetPodsMetric' }),
      );
      expect(await on.cluster.get<Scaled>('Deployment', 'hub')).toMatchObject({ spec: { replicas } });
    }
    await on.cluster.ready('Deployment', 'hub', patience);
  });

  test('scales hubs by their open connections, up at once, and down one by one after the window', async () => {
    await using hub = await on.cluster.forward(`hub.${on.cluster.namespace}.svc`, 8097);
    const close = await openConnections(hub.url, tokenSecret, 5);
    await serveMetricsApis(on.monitors);
    const has = (replicas: number) =>
      on.cluster.becomes<Scaled>(
        'Deployment',
        'hub',
        ({ spec, status }) =>
          spec.replicas === replicas && status?.readyReplicas === replicas ? undefined : `${spec.replicas} hubs`,
        patience,
      );
    await has(3);
    await close();
    await on.cluster.becomes<Autoscaler>(
      'HorizontalPodAutoscaler',
      'hub',
      ({ status }) =>
        status?.conditions?.some(({ reason }) => reason === 'ScaleDownStabilized') ? undefined : JSON.stringify(status),
      patience,
    );
    await has(3);
    // A step is counted from where it stood a period ago: a way up that is as young would come off again with the first.
    await on.cluster.becomes<Autoscaler>(
      'HorizontalPodAutoscaler',
      'hub',
      ({ status }) =>
        Date.now() - Date.parse(status?.lastScaleTime ?? '') > 2 * stepSeconds * 1_000
          ? undefined
          : `it scaled at ${status?.lastScaleTime}`,
      patience,
    );
    await scaleDownSoon('hub');
    await has(1);
    await patiently(async () => {
      const events = await on.cluster.list<EventObject>('Event');
      const steps = events
        .filter(({ involvedObject: { kind, name } }) => kind === 'Deployment' && name === 'hub')
        .flatMap(({ message }) => /^Scaled down .* (from \d+ to \d+)$/.exec(message)?.[1] ?? []);
      const all = [...new Set(steps)].sort().join();
      return all === 'from 2 to 1,from 3 to 2' ? undefined : `it went ${all}`;
    });
  });

  test('scales gateways by their CPU, and down when nobody asks', async () => {
    await using gateway = await on.cluster.forward(`gateway.${on.cluster.namespace}.svc`, 8100);
    const has = (replicas: number) =>
      on.cluster.becomes<Scaled>(
        'Deployment',
        'gateway',
        ({ spec }) => (spec.replicas === replicas ? undefined : `${spec.replicas} gateways`),
        patience,
      );
    await has(1);
    const busy = new AbortController();
    const ask = async () => {
      while (!busy.signal.aborted) await fetch(`${gateway.url}/api/notifications`).then((answer) => answer.text());
    };
    const asking = Promise.all(Array.from({ length: 4 }, ask));
    try {
      await has(2);
    } finally {
      busy.abort();
      await asking;
    }
    await scaleDownSoon('gateway');
    await has(1);
  });
}
