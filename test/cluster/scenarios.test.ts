import { dirname, join, resolve } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { bareEnvironment } from '../dev-env/bare-environment.ts';
import { spawnChild } from '../dev-env/child.ts';
import { readInstalled } from './scenarios/installed.ts';
import { readmeCommands } from './scenarios/readme.ts';
import type { ClusterAddress } from './settings.ts';
import { describeOnCluster } from './use-cluster.ts';

const root = resolve(import.meta.dirname, '../..');
const timeoutMs = 60 * 60_000;

/** A shell as a person has it who followed `make cluster`. Rejects with what the commands said. */
async function runAsPerson({ kubeconfig, kubectl }: ClusterAddress, commands: string): Promise<string> {
  const { PATH, ...environment } = bareEnvironment();
  const child = await spawnChild({
    command: 'bash',
    args: ['-euo', 'pipefail', '-c', commands],
    env: {
      ...environment,
      KUBECONFIG: kubeconfig,
      // Without a home it would be the checkout.
      KUBECACHEDIR: join(dirname(kubeconfig), 'kubectl-cache'),
      PATH: `${dirname(kubectl)}:${PATH}`,
    },
    cwd: root,
  });
  const { code } = await child.exited;
  if (code !== 0) throw new Error(`ended with ${code}:\n${commands}\n${child.output()}`);
  return child.output();
}

describeOnCluster('the platform by the commands of the README', (on) => {
  const { namespace } = readInstalled('kind');
  afterAll(() => on.cluster.remove('Namespace', namespace));

  it(
    'installs, and then every scenario holds that also runs in CI on kind',
    async () => {
      const { address } = on.cluster;
      await runAsPerson(address, readmeCommands('install'));
      const said = await runAsPerson(address, 'bash test/cluster/scenarios.sh');
      expect(said).toContain('ok    what was said is still there');
      await runAsPerson(address, readmeCommands('uninstall'));
    },
    timeoutMs,
  );
});
