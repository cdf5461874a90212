import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { production } from '../../../cdk8s/environments/production.ts';
import type { PlatformProps } from '../../../cdk8s/platform-props.ts';
import { renderPlatform, toYaml } from '../../../cdk8s/synth/render.ts';
import { describeWithServer } from '../../dev-env/with-server.ts';
import { Cluster } from '../client/cluster.ts';
import { type RunningCluster, startCluster } from '../start-cluster.ts';
import { ownNamespace } from '../use-cluster.ts';

/** Where their makers publish the definitions of the kinds. */
const definitions = [
  ['sigs.k8s.io/gateway-api@v1.6.3', 'config/crd/standard/gateway.networking.k8s.io_httproutes.yaml'],
  [
    'github.com/prometheus-operator/prometheus-operator@v0.85.0',
    'example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml',
  ],
] as const;
const kinds = ['HTTPRoute', 'PodMonitor', 'Ingress'];

const everything: PlatformProps = {
  ...production,
  network: { monitoring: { 'kubernetes.io/metadata.name': 'monitoring' } },
  monitoring: { labels: { release: 'prometheus' } },
  routes: {
    hosts: ['realtime.example.com', '*.example.org'],
    parents: [{ name: 'public' }, { name: 'inner', namespace: 'gateways', sectionName: 'https' }],
    ingress: { className: 'public', tlsSecret: 'public-tls' },
  },
};

describeWithServer('cluster', 'routes and monitors, with the schemas of their makers on a real API server', () => {
  // Definitions belong to no namespace.
  let running: RunningCluster;
  let cluster: Cluster;
  const folder = mkdtempSync(join(tmpdir(), 'sonixy-optional-'));
  const file = join(folder, 'optional.yaml');

  beforeAll(async () => {
    running = await startCluster({ nodes: ['node-0'] });
    cluster = await ownNamespace(new Cluster(running.address));
    for (const [module, path] of definitions) {
      const { stdout } = await promisify(execFile)('go', ['mod', 'download', '-json', module], { cwd: tmpdir() });
      const { Dir } = JSON.parse(stdout) as { Dir: string };
      await cluster.kubectl('apply', '--server-side', '-f', join(Dir, path));
    }
    await cluster.kubectl('wait', '--for=condition=Established', 'customresourcedefinition', '--all', '--timeout=2m');
    const { platform } = renderPlatform({ ...everything, namespace: cluster.namespace });
    writeFileSync(file, toYaml(platform.filter(({ kind }) => kinds.includes(kind))));
  }, 45 * 60_000);
  afterAll(async () => {
    cluster?.close();
    await running?.stop();
    rmSync(folder, { recursive: true });
  });

  it('are taken strictly, and a second apply changes nothing: no default is left to the server', async () => {
    const apply = () => cluster.kubectl('apply', '--validate=strict', '-f', file);
    const lines = (output: string) => output.trim().split('\n');
    const created = lines(await apply());
    expect(created).toHaveLength(2 + 6 + 2);
    for (const line of created) expect(line).toMatch(/ created$/);
    for (const line of lines(await apply())) expect(line).toMatch(/ unchanged$/);
  }, 300_000);

  it('would be refused with a field that these schemas do not know', async () => {
    const { platform } = renderPlatform({ ...everything, namespace: cluster.namespace });
    const [route] = platform.filter(({ kind }) => kind === 'HTTPRoute');
    const wrong = { ...route, spec: { ...(route?.['spec'] as object), hostname: 'realtime.example.com' } };
    await expect(cluster.apply(wrong as never, { dryRun: true, force: true })).rejects.toThrow('hostname');
  }, 300_000);
});
