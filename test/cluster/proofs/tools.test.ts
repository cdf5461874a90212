import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { kubernetesVersion } from '../build/kubetools-folder.ts';
import { describeOnCluster } from '../use-cluster.ts';
import { deployment, pod, script, server } from './manifests.ts';
import { patiently } from './patiently.ts';

const run = promisify(execFile);

describeOnCluster('tools on the test cluster', (on) => {
  test('kubectl reads logs, copies streams of commands and tells their exit codes', async () => {
    const { cluster } = on;
    await cluster.create(pod('said', { containers: [script('echo one; echo two; exec sleep infinity')] }));
    await cluster.ready('Pod', 'said');
    await patiently(async () => ((await cluster.log('said')) === 'one\ntwo\n' ? undefined : 'it has not said it all'));
    expect(await cluster.kubectl('logs', 'said', '--tail=1')).toBe('two\n');
    const copied = await cluster.exec('said', ['cat'], { input: 'in' });
    expect(copied).toEqual({ code: 0, out: 'in', err: '' });
    expect(await cluster.exec('said', 'echo no >&2; exit 4')).toEqual({ code: 4, out: '', err: 'no\n' });
    await expect(cluster.kubectl('exec', 'said', '--', 'sh', '-c', 'exit 4')).rejects.toMatchObject({ code: 4 });
    expect(await cluster.kubectl('exec', 'said', '--', 'hostname')).toBe('said\n');
  });

  test('kubectl applies a file, waits for what it made, and finds nothing to change the second time', async () => {
    const { cluster } = on;
    const folder = await mkdtemp(join(tmpdir(), 'sonixy-manifest-'));
    try {
      const file = join(folder, 'web.json');
      await writeFile(file, JSON.stringify({ apiVersion: 'apps/v1', ...deployment('applied', 1, server()) }));
      expect(await cluster.kubectl('apply', '-f', file)).toBe('deployment.apps/applied created\n');
      await cluster.kubectl('rollout', 'status', 'deployment/applied', '--timeout=60s');
      expect(await cluster.kubectl('apply', '-f', file)).toBe('deployment.apps/applied unchanged\n');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  test('the API server says its version, and refuses a field that it does not know', async () => {
    const { cluster } = on;
    expect(await cluster.kube.must('GET', '/version')).toMatchObject({ gitVersion: kubernetesVersion() });
    const good = pod('strict', { containers: [server()] });
    await cluster.apply(good, { dryRun: true });
    const bad = { ...good, spec: { containers: [server()], conatiners: [] } };
    await expect(cluster.apply(bad, { dryRun: true })).rejects.toThrow(
      '.spec.conatiners: field not declared in schema',
    );
  });

  test('helm installs a chart, waits for it, and takes it away', async () => {
    const { cluster } = on;
    const folder = await chart();
    try {
      const home = { HELM_CACHE_HOME: folder, HELM_CONFIG_HOME: folder, HELM_DATA_HOME: folder };
      const helm = (...args: string[]) =>
        run(
          cluster.address.helm,
          ['--kubeconfig', cluster.address.kubeconfig, '--namespace', cluster.namespace, ...args],
          { env: { ...process.env, ...home } },
        );
      await helm('install', 'web', join(folder, 'chart'), '--wait', '--timeout', '120s');
      await cluster.ready('Deployment', 'charted');
      await helm('uninstall', 'web', '--wait');
      await cluster.gone('Deployment', 'charted');
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

async function chart(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sonixy-chart-'));
  await mkdir(join(folder, 'chart/templates'), { recursive: true });
  await writeFile(join(folder, 'chart/Chart.yaml'), 'apiVersion: v2\nname: web\nversion: 1.0.0\n');
  const manifest = { apiVersion: 'apps/v1', ...deployment('charted', 1, server()) };
  await writeFile(join(folder, 'chart/templates/web.yaml'), JSON.stringify(manifest));
  return folder;
}
