import { cpus, totalmem } from 'node:os';
import type { Kube } from '../api/kube.ts';
import { kubernetesVersion } from '../build/kubetools-folder.ts';
import { NODE_IP } from './addresses.ts';
import { KUBELET_PORT } from './kubelet-server.ts';
import { apiTime } from './time.ts';

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases';

/** Several nodes in the API's eyes, for anti-affinity and spreading; one machine, one network, one process here. */
export async function registerNodes(kube: Kube, names: readonly string[], zones: boolean): Promise<void> {
  for (const [i, name] of names.entries()) {
    const labels = {
      'kubernetes.io/hostname': name,
      'kubernetes.io/os': 'linux',
      'kubernetes.io/arch': architecture(),
      ...(zones && { 'topology.kubernetes.io/zone': `zone-${i}` }),
    };
    await kube.request('POST', '/api/v1/nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } });
  }
  await beat(kube, names);
}

/** To be called more often than every 40 s. */
export async function beat(kube: Kube, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await kube.patch(`/api/v1/nodes/${name}/status`, { status: nodeStatus(name) });
    await renewLease(kube, name);
  }
}

function nodeStatus(name: string) {
  const capacity = {
    // Nothing limits a process here: pods are to be placed, whatever this machine has.
    cpu: String(cpus().length * 8),
    memory: String(totalmem()),
    pods: '250',
    'ephemeral-storage': '100Gi',
  };
  const condition = (type: string) => ({
    ...{ type, status: type === 'Ready' ? 'True' : 'False' },
    ...{ reason: 'Kubelet', lastHeartbeatTime: apiTime() },
  });
  return {
    ...{ capacity, allocatable: capacity },
    addresses: [
      { type: 'InternalIP', address: NODE_IP },
      { type: 'Hostname', address: name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: KUBELET_PORT } },
    declaredFeatures: ['ExtendWebSocketsToKubelet'],
    nodeInfo: {
      ...{ machineID: '', systemUUID: '', bootID: '', kernelVersion: '', osImage: 'processes', kubeProxyVersion: '' },
      ...{ containerRuntimeVersion: 'process://1', kubeletVersion: kubernetesVersion() },
      ...{ operatingSystem: 'linux', architecture: architecture() },
    },
    conditions: ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'].map(condition),
  };
}

async function renewLease(kube: Kube, name: string): Promise<void> {
  const spec = {
    holderIdentity: name,
    leaseDurationSeconds: 40,
    // Exactly six digits of a fraction, else it is refused.
    renewTime: new Date().toISOString().replace('Z', '000Z'),
  };
  const type = 'application/merge-patch+json';
  const answer = await kube.request('PATCH', `${LEASES}/${name}`, { spec }, { type });
  if (answer.status !== 404) return;
  const metadata = { name, namespace: 'kube-node-lease' };
  await kube.request('POST', LEASES, { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec });
}

function architecture(): string {
  return process.arch === 'x64' ? 'amd64' : process.arch;
}
