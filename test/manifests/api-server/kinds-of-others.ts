import { execFile } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { goCommand } from '#test/cluster/build/go-command.ts';
import type { Cluster } from '#test/cluster/client/cluster.ts';

const run = promisify(execFile);

/** Where their makers publish the definitions of the kinds that we render, as Go modules. */
const published: Readonly<Record<string, readonly string[]>> = {
  'sigs.k8s.io/gateway-api@v1.6.3': ['config/crd/standard/gateway.networking.k8s.io_httproutes.yaml'],
  'github.com/prometheus-operator/prometheus-operator@v0.85.0': [
    'example/prometheus-operator-crd/monitoring.coreos.com_podmonitors.yaml',
  ],
  'github.com/cert-manager/cert-manager@v1.21.2': [
    'deploy/crds/cert-manager.io_issuers.yaml',
    'deploy/crds/cert-manager.io_certificates.yaml',
  ],
};

/** Installs the definitions; they belong to no namespace, so that the cluster must be one's own. */
export async function installKindsOfOthers(cluster: Cluster): Promise<void> {
  const files: string[] = [];
  for (const [module, paths] of Object.entries(published)) {
    const { stdout } = await run(goCommand() ?? 'go', ['mod', 'download', '-json', module], { cwd: tmpdir() });
    const { Dir: folder } = JSON.parse(stdout) as { Dir: string };
    files.push(...paths.map((path) => join(folder, path)));
  }
  await cluster.kubectl('apply', '--server-side', ...files.flatMap((file) => ['-f', file]));
  await cluster.kubectl('wait', '--for=condition=Established', 'customresourcedefinition', '--all', '--timeout=2m');
}
