import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootstrapObjects } from '../../../cdk8s/bootstrap/bootstrap.fixture.ts';
import { describeWithServer } from '../../dev-env/with-server.ts';
import type { Condition, KubeObject } from '../api/objects.ts';
import { Cluster, type Manifest } from '../client/cluster.ts';
import { type RunningCluster, startCluster } from '../start-cluster.ts';
import { ownNamespace } from '../use-cluster.ts';

const module = 'github.com/cert-manager/cert-manager@v1.21.2';
const kinds = ['issuers', 'certificates'].map((name) => `${name}.cert-manager.io`);

describeWithServer('cluster', "cert-manager's own schemas, on a real API server", () => {
  // Its CRDs belong to no namespace.
  let running: RunningCluster;
  let cluster: Cluster;
  beforeAll(async () => {
    running = await startCluster({ nodes: ['node-0'] });
    cluster = await ownNamespace(new Cluster(running.address));
    const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', module], { cwd: tmpdir() });
    const { Dir: folder } = JSON.parse(stdout) as { Dir: string };
    for (const kind of kinds) {
      const [plural] = kind.split('.');
      await cluster.kubectl('apply', '-f', join(folder, 'deploy/crds', `cert-manager.io_${plural}.yaml`));
      await cluster.becomes<CustomResource>('apiextensions.k8s.io/v1/CustomResourceDefinition', kind, ({ status }) =>
        status?.conditions?.some((it) => it.type === 'Established' && it.status === 'True')
          ? undefined
          : 'not yet served',
      );
    }
  }, 45 * 60_000);
  afterAll(async () => {
    cluster?.close();
    await running?.stop();
  });

  test('take what is rendered, strictly, and keep it as it was written', async () => {
    const ours = bootstrapObjects(cluster.namespace, { tls: 'cert-manager' }).filter(({ apiVersion }) =>
      apiVersion.startsWith('cert-manager.io/'),
    );
    expect(ours).toHaveLength(6);
    for (const object of ours) {
      const live = await cluster.apply<KubeObject & { spec: unknown }>(object as Manifest);
      expect(live).toMatchObject({ spec: object['spec'] });
    }
  });

  test('refuse a field that they do not know', async () => {
    const [issuer] = bootstrapObjects(cluster.namespace, { tls: 'cert-manager' }).filter(
      ({ kind }) => kind === 'Issuer',
    );
    if (!issuer) throw new Error('there is one');
    await expect(cluster.apply({ ...issuer, spec: { selfSinged: {} } } as Manifest)).rejects.toThrow(/selfSinged/);
  });
});

type CustomResource = KubeObject & { status?: { conditions?: Condition[] } };
