import { beforeAll, expect, it } from 'vitest';
import { dev } from '../../../cdk8s/environments/dev.ts';
import { type KubeObject, renderPlatform } from '../../../cdk8s/synth/render.ts';
import { describeOnCluster } from '../use-cluster.ts';

const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };

describeOnCluster(
  'the stores of dev, Pod Security restricted enforced',
  (on) => {
    let objects: readonly KubeObject[] = [];

    beforeAll(async () => {
      objects = renderPlatform({ ...dev, namespace: on.cluster.namespace }).platform;
      for (const object of objects) await on.cluster.apply(object as never);
    }, 600_000);

    it('makes the Secrets', async () => {
      const job = objects.find(({ kind }) => kind === 'Job');
      if (!job) throw new Error('there is no bootstrap Job');
      await on.cluster.ready('Job', job.metadata.name, { timeoutMs: 120_000 });
      const secrets = await on.cluster.list('Secret');
      expect(secrets.map(({ metadata }) => metadata.name).sort()).toContain('rabbitmq-passwords');
    });

    it('runs Redis', () => on.cluster.ready('Deployment', 'redis', { timeoutMs: 180_000 }));

    it('runs RabbitMQ', () => on.cluster.ready('StatefulSet', 'rabbitmq', { timeoutMs: 300_000 }), 400_000);
  },
  restricted,
);
