import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bareEnvironment } from '../dev-env/bare-environment.ts';
import { type Child, spawnChild } from '../dev-env/child.ts';
import { missing } from '../dev-env/missing.ts';
import { buildMongoDev } from '../dev-env/mongodev-build.ts';
import { eventually } from '../eventually.ts';
import { buildKubetools } from './build/kubetools-build.ts';
import { API_PORT } from './control-plane/arguments.ts';
import { kubeconfig } from './control-plane/users.ts';
import { NODE_IP } from './node/addresses.ts';
import { type ClusterAddress, type ClusterPlan, type ClusterSettings, fileNames } from './settings.ts';
import { forward, tunnelOf } from './tunnel/tunnel.ts';

export interface RunningCluster extends AsyncDisposable {
  readonly address: ClusterAddress;
  /** Of the process outside that holds the namespaces; with it ends all that is inside. */
  readonly pid: number;
  /** Of process 1 inside, the node. */
  readonly nodePid: number;
  readonly running: boolean;
  /** What the node wrote, bounded. */
  output(): string;
  /** Ends it at once: nothing in it is to be kept. Resolves when its last process is gone. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 180_000;
// The kernel ends all that is inside when process 1 ends, and process 1 when unshare does.
const UNSHARE = ['--net', '--mount', '--pid', '--ipc', '--uts', '--fork', '--kill-child', '--mount-proc', '--'];

/** Starts a cluster of one's own, after the build of its binary if need be. Rejects where this machine cannot. */
export async function startCluster(settings: ClusterSettings = {}): Promise<RunningCluster> {
  const reason = missing('cluster');
  if (reason !== undefined) throw new Error(reason);
  // The pods' users read it, and the folder was made for its maker alone.
  chmodSync(await buildMongoDev(), 0o755);
  const tools = await buildKubetools();
  const folder = mkdtempSync(join(tmpdir(), 'sonixy-cluster-'));
  const plan: ClusterPlan = {
    nodes: settings.nodes ?? ['node-0', 'node-1', 'node-2'],
    zones: settings.zones ?? true,
    backoffMs: settings.backoffMs ?? 1000,
    images: settings.images ?? {},
    arguments: settings.arguments ?? {},
    kubetools: join(tools, 'kubetools'),
  };
  writeFileSync(join(folder, fileNames.plan), JSON.stringify(plan));
  const removeFolder = () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  process.once('exit', removeFolder);
  const child = await spawnChild({
    command: 'unshare',
    args: [...UNSHARE, process.execPath, join(import.meta.dirname, 'inside/main.ts'), folder],
    env: bareEnvironment(),
    cwd: '/',
  });
  const nodePid = await firstChild(child.pid);
  const stop = async () => {
    await child.kill();
    await eventually(() => (isAlive(nodePid) ? 'its node lives' : undefined));
    process.off('exit', removeFolder);
    removeFolder();
  };
  try {
    await isReady(child);
    const api = await forward(tunnelOf(folder), NODE_IP, API_PORT);
    const end = async () => {
      await api.close();
      await stop();
    };
    return {
      address: describe(folder, api.url.replace('http:', 'https:'), tools),
      pid: child.pid,
      nodePid,
      get running() {
        return child.running;
      },
      output: () => child.output(),
      stop: end,
      [Symbol.asyncDispose]: end,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function isReady(child: Child): Promise<void> {
  const check = () => (!child.running || /^READY$/m.test(child.output()) ? undefined : 'it does not serve yet');
  try {
    await eventually(check, { timeoutMs: START_TIMEOUT_MS });
    if (!child.running) throw new Error('it ended');
  } catch (error) {
    throw new Error(`the cluster did not start:\n${child.output().slice(-4000)}`, { cause: error });
  }
}

function describe(folder: string, url: string, tools: string): ClusterAddress {
  const ca = readFileSync(join(folder, fileNames.ca), 'utf8');
  const token = readFileSync(join(folder, fileNames.adminToken), 'utf8');
  const file = join(folder, fileNames.kubeconfig);
  writeFileSync(file, kubeconfig({ url, ca, token }), { mode: 0o600 });
  return { folder, url, ca, token, kubeconfig: file, kubectl: join(tools, 'kubectl'), helm: join(tools, 'helm') };
}

async function firstChild(pid: number): Promise<number> {
  let first = 0;
  await eventually(() => {
    first = Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ')[0]);
    return first > 0 ? undefined : 'it has no child';
  });
  return first;
}

/** Of a zombie nothing is left but its number. */
function isAlive(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== '';
  } catch {
    return false;
  }
}
