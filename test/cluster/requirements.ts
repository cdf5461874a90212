import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findCommand } from '../dev-env/find-command.ts';
import { goCommand } from './build/go-command.ts';
import { kubetoolsFolder } from './build/kubetools-folder.ts';

/** Command → the Debian package that brings it. */
const COMMANDS: Record<string, string> = {
  ip: 'iproute2',
  nft: 'nftables',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  setpriv: 'util-linux',
  flock: 'util-linux',
  openssl: 'openssl',
};

/** Why this machine cannot run a cluster; undefined when it can. */
export function whyNoCluster(): string | undefined {
  if (process.platform !== 'linux') return 'a test cluster needs Linux';
  for (const [command, name] of Object.entries(COMMANDS)) {
    if (findCommand(command) === undefined) return `a test cluster needs ${command}: package ${name}`;
  }
  if (!existsSync(kubetoolsFolder()) && goCommand() === undefined) {
    return "Kubernetes' control plane is not built and Go is not installed: Go 1.21 or newer, https://go.dev/dl";
  }
  if (process.getuid?.() !== 0) return 'a test cluster needs root, for network and mount namespaces';
  try {
    execFileSync('unshare', ['--net', '--mount', '--pid', '--fork', '--mount-proc', 'true'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `a test cluster needs namespaces, and this machine refuses them: ${String(error)}`;
  }
}

if (import.meta.main) {
  const reason = whyNoCluster();
  if (reason !== undefined) process.stderr.write(`tests of the manifests will not run: ${reason}\n`);
}
