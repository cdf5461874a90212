import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { openTunnel, tunnelOf } from '../tunnel/tunnel.ts';
import { getJson, kubectl } from './kubectl.ts';

const run = promisify(execFile);

export type PodRef = { readonly namespace: string; readonly name: string };

type Pod = { spec: { nodeName: string }; status: { containerStatuses: { containerID: string }[] } };
type Node = { spec: { providerID?: string } };

/** What sends SIGKILL to the first process of a pod's first container, which is then restarted in place. */
export type KillProcess = (pod: PodRef) => Promise<void>;

/** No API has that: here the node does it, on kind the container that is the node. undefined elsewhere. */
export async function processKiller(): Promise<KillProcess | undefined> {
  const tunnel = tunnelOf(dirname(process.env['KUBECONFIG'] ?? ''));
  if (existsSync(tunnel)) {
    return async ({ namespace, name }) => {
      (await openTunnel(tunnel, { signal: { namespace, pod: name, signal: 'SIGKILL' } })).destroy();
    };
  }
  const { items } = await getJson<{ items: Node[] }>('nodes');
  return items.every(({ spec }) => spec.providerID?.startsWith('kind://docker/')) ? killOnKind : undefined;
}

async function killOnKind({ namespace, name }: PodRef): Promise<void> {
  const { spec, status } = await getJson<Pod>('pod', name, `--namespace=${namespace}`);
  const id = status.containerStatuses[0]?.containerID.replace('containerd://', '') ?? '';
  const kill = `kill -9 "$(crictl inspect --output go-template --template '{{.info.pid}}' ${id})"`;
  await run('docker', ['exec', spec.nodeName, 'sh', '-c', kill]);
}

/** The object goes at once, and its processes as soon as the node hears of it. */
export async function deleteAtOnce(...pods: readonly PodRef[]): Promise<void> {
  const [first] = pods;
  if (first === undefined) return;
  const names = pods.map(({ name }) => name);
  await kubectl(['delete', 'pod', ...names, `--namespace=${first.namespace}`, '--grace-period=0', '--force']);
}
