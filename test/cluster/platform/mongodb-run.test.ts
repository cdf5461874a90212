import { beforeAll, expect, it } from 'vitest';
import { kind } from '../../../cdk8s/environments/kind.ts';
import type { PlatformProps } from '../../../cdk8s/platform-props.ts';
import { type KubeObject, renderPlatform } from '../../../cdk8s/synth/render.ts';
import type { KubeObject as LiveObject } from '../api/objects.ts';
import type { Manifest } from '../client/cluster.ts';
import { describeOnCluster, type OnCluster } from '../use-cluster.ts';

const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
const startMs = 300_000;

type Template = { metadata: object; spec: { containers: Record<string, unknown>[] } };

/** What MongoDB needs, and what is around it: the rest of the platform is not. */
function objectsOf(platform: PlatformProps): KubeObject[] {
  const wanted = ['mongodb', 'bootstrap', 'notification', 'closed'];
  return renderPlatform(platform).platform.filter(({ kind: of, metadata: { name } }) =>
    of === 'Deployment' || of === 'HorizontalPodAutoscaler'
      ? false
      : wanted.some((it) => name === it || name.startsWith(`${it}-`)),
  );
}

/** The notification service with all its settings, as a command that reads the store and ends. */
function storeJob(platform: PlatformProps): Manifest {
  const deployment = renderPlatform(platform).platform.find(
    (it) => it.kind === 'Deployment' && it.metadata.name === 'notification',
  );
  if (!deployment) throw new Error('there is no notification service');
  const { template } = deployment['spec'] as { template: Template };
  const containers = template.spec.containers.map(
    ({ startupProbe: _1, livenessProbe: _2, readinessProbe: _3, lifecycle: _4, env, ...container }) => ({
      ...container,
      args: ['revocations'],
      env: (env as { name: string }[]).filter(({ name }) => !name.startsWith('REDIS_')),
    }),
  );
  return {
    kind: 'Job',
    metadata: { name: 'reads-the-store' },
    spec: {
      backoffLimit: 4,
      template: { ...template, spec: { ...template.spec, restartPolicy: 'Never', containers } },
    },
  };
}

async function applyAll(on: OnCluster, platform: PlatformProps): Promise<void> {
  for (const object of objectsOf(platform)) await on.cluster.apply(object as never);
  const job = objectsOf(platform).find((it) => it.kind === 'Job');
  if (job) await on.cluster.ready('Job', job.metadata.name, { timeoutMs: startMs });
}

describeOnCluster(
  'MongoDB of three members over TLS, Pod Security restricted enforced',
  (on) => {
    let platform: PlatformProps;

    beforeAll(async () => {
      platform = { ...kind, namespace: on.cluster.namespace };
      await applyAll(on, platform);
    }, startMs);

    it(
      'is initiated, and every member is ready',
      async () => {
        await on.cluster.ready('StatefulSet', 'mongodb', { timeoutMs: startMs });
        const [first, ...others] = await Promise.all(
          [0, 1, 2].map((ordinal) => on.cluster.log(`mongodb-${ordinal}`, { container: 'sidecar' })),
        );
        expect(first).toContain('the replica set is initiated');
        for (const log of others) expect(log).not.toContain('initiated');
      },
      startMs,
    );

    it(
      'lets the notification store in, from a pod with the rendered settings',
      async () => {
        // Notification's own edges of the network, its user, and the authority that it trusts.
        await on.cluster.apply({
          kind: 'Secret',
          metadata: { name: 'sonixy-tokens' },
          stringData: { 'hs256-secret': 'x'.repeat(64) },
        });
        await on.cluster.apply(storeJob(platform));
        await on.cluster.ready('Job', 'reads-the-store', { timeoutMs: startMs });
      },
      startMs,
    );

    it(
      'is the same set after each pod was killed',
      async () => {
        const before = await Promise.all(
          [0, 1, 2].map((ordinal) => on.cluster.get<LiveObject>('Pod', `mongodb-${ordinal}`)),
        );
        for (const { metadata } of before) await on.cluster.remove('Pod', metadata.name, { graceSeconds: 5 });
        for (const { metadata } of before) {
          await on.cluster.becomes<LiveObject>('Pod', metadata.name, (pod) =>
            pod.metadata.uid === metadata.uid ? 'it is the old one' : undefined,
          );
        }
        await on.cluster.ready('StatefulSet', 'mongodb', { timeoutMs: startMs });
        const log = await on.cluster.log('mongodb-0', { container: 'sidecar' });
        expect(log).not.toMatch(/initiated|mended/);
      },
      startMs,
    );
  },
  restricted,
);
