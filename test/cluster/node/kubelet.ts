import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Kube } from '../api/kube.ts';
import type { Claim, ConfigMap, Secret, Service } from '../api/objects.ts';
import type { PodObject } from '../api/pod-spec.ts';
import { watch } from '../api/watch.ts';
import type { ImageTable } from '../images/image.ts';
import { provision } from './claims.ts';
import type { Container } from './container.ts';
import { beat, registerNodes } from './heartbeat.ts';
import { startKubeletServer } from './kubelet-server.ts';
import { Layers } from './layers.ts';
import type { NodeContext } from './node-context.ts';
import { startPacketRules } from './packet-rules.ts';
import { Pod } from './pod.ts';
import type { PolicyPod } from './policy-rules.ts';

const BEAT_EVERY_MS = 10_000;

export type KubeletOptions = {
  kube: Kube;
  /** Logs and claims. */
  folder: string;
  /** On a tmpfs. */
  runFolder: string;
  images: ImageTable;
  nodes: readonly string[];
  /** Whether each node gets a zone of its own. */
  zones: boolean;
  backoffMs: number;
  tls: { cert: string; key: string };
  log: (line: string) => void;
};

export type Kubelet = {
  /** The running pod's container, its first one without a name. */
  find(namespace: string, pod: string, container?: string): Container | undefined;
};

/**
 * A kubelet's stand-in: pods that are bound to its nodes run as processes in namespaces of their own. No cgroups and no
 * pulls: a table says what an image's name stands for. It ends with its process.
 */
export async function startKubelet(options: KubeletOptions): Promise<Kubelet> {
  const { kube, folder, runFolder, images, nodes, zones, backoffMs, tls, log } = options;
  const pods = new Map<string, Pod>();
  const refresh = () => {
    for (const pod of pods.values()) {
      if (pod.stopping !== undefined || pod.over || pod.ip === undefined) continue;
      pod.volumes.refresh().catch((error: Error) => log(`${pod.object.metadata.name}: ${error.message}`));
    }
  };
  const provisionNew = (claim: Claim | undefined) => {
    if (claim === undefined) return;
    provision(kube, folder, claim).catch((error: Error) => log(error.message));
  };
  const node: NodeContext = {
    ...{ kube, folder, runFolder, images, backoffMs, log },
    layers: await Layers.create(join(runFolder, 'layers')),
    services: watch<Service>(kube, '/api/v1/services'),
    configMaps: watch<ConfigMap>(kube, '/api/v1/configmaps', refresh),
    secrets: watch<Secret>(kube, '/api/v1/secrets', refresh),
    claims: watch<Claim>(kube, '/api/v1/persistentvolumeclaims', provisionNew),
    packetRules: startPacketRules(kube, () => [...pods.values()].flatMap(policyPod), log),
  };
  const find: Kubelet['find'] = (namespace, name, container) => {
    const pod = [...pods.values()].find(
      ({ object: { metadata } }) => metadata.namespace === namespace && metadata.name === name,
    );
    const all = pod === undefined ? [] : [...pod.mains, ...pod.inits];
    return container === undefined ? all[0] : all.find(({ spec }) => spec.name === container);
  };
  startKubeletServer(find, tls);
  await Promise.all(
    [node.services, node.configMaps, node.secrets, node.claims, node.packetRules].map((each) => each.ready),
  );
  await registerNodes(kube, nodes, zones);
  setInterval(() => {
    beat(kube, nodes).catch((error: Error) => log(`heartbeat: ${error.message}`));
    // Tokens are to be renewed.
    refresh();
  }, BEAT_EVERY_MS);
  watch<PodObject>(kube, '/api/v1/pods', (object, before) => follow(node, pods, nodes, object, before));
  return { find };
}

function follow(
  node: NodeContext,
  pods: Map<string, Pod>,
  nodes: readonly string[],
  object: PodObject | undefined,
  before: PodObject | undefined,
): void {
  const uidBefore = before?.metadata.uid;
  if (uidBefore !== undefined && uidBefore !== object?.metadata.uid) forget(pods, uidBefore);
  const uid = object?.metadata.uid;
  if (object === undefined || uid === undefined || !nodes.includes(object.spec.nodeName ?? '')) return;
  let pod = pods.get(uid);
  if (pod === undefined) {
    if (['Succeeded', 'Failed'].includes(object.status.phase ?? '')) return;
    pod = new Pod(node, object);
    pods.set(uid, pod);
  } else {
    const relabelled = JSON.stringify(pod.object.metadata.labels) !== JSON.stringify(object.metadata.labels);
    pod.object = object;
    if (relabelled) node.packetRules.syncSoon();
    if (object.spec.readinessGates !== undefined) pod.changed();
  }
  if (object.metadata.deletionTimestamp === undefined) return;
  const seconds = object.metadata.deletionGracePeriodSeconds;
  const first = pod.stopping === undefined || pod.over;
  pod.stop(seconds === undefined ? pod.graceMs : seconds * 1000);
  if (first) void removeWhenEnded(node, pod);
}

async function removeWhenEnded({ kube, log }: NodeContext, pod: Pod): Promise<void> {
  await pod.ended;
  const { namespace, name, uid } = pod.object.metadata;
  const options = { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0, preconditions: { uid } };
  const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
  await kube.request('DELETE', path, options).catch((error: Error) => log(error.message));
}

/** Its object is gone, whatever the grace. */
function forget(pods: Map<string, Pod>, uid: string): void {
  const pod = pods.get(uid);
  if (pod === undefined) return;
  pods.delete(uid);
  pod.abandon();
  void pod.ended.then(() => rmSync(pod.folder, { recursive: true, force: true }));
}

function policyPod({ ip, over, object: { metadata, spec } }: Pod): PolicyPod[] {
  if (ip === undefined || over || spec.hostNetwork) return [];
  const { namespace = '', name, labels = {} } = metadata;
  return [{ namespace, name, ip, labels, ports: spec.containers.flatMap(({ ports = [] }) => ports) }];
}
