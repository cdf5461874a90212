import type { Kube } from '../api/kube.ts';
import type { Namespace } from '../api/objects.ts';
import { watch } from '../api/watch.ts';
import { hairpinRules } from './hairpin-rules.ts';
import { type NetworkPolicy, type PolicyPod, policyRules } from './policy-rules.ts';
import { mustRun } from './run-command.ts';

/** Keeps the node's filter and translations at what policies, namespaces and pods say. */
export interface PacketRules {
  /** Resolves when the filter holds for the pods as they are now. */
  sync(): Promise<void>;
  /** The same, without waiting for it. */
  syncSoon(): void;
  readonly ready: Promise<unknown>;
  stop(): void;
}

export function startPacketRules(kube: Kube, pods: () => PolicyPod[], log: (line: string) => void): PacketRules {
  let queue = Promise.resolve();
  let planned: Promise<void> | undefined;
  let loaded: string | undefined;
  const load = async () => {
    planned = undefined;
    const labels = (name: string) => namespaces.items.get(`/${name}`)?.metadata.labels;
    const all = pods();
    const text = policyRules([...policies.items.values()], all, labels) + hairpinRules(all.map(({ ip }) => ip));
    if (text === loaded) return;
    await mustRun(['nft', '-f', '-'], text);
    loaded = text;
  };
  // One at a time; callers who come while one waits share it.
  const sync = () => {
    if (planned === undefined) {
      planned = queue.then(load);
      queue = planned.catch(() => {});
    }
    return planned;
  };
  const syncSoon = () => {
    sync().catch((error: Error) => log(`packet rules: ${error.message}`));
  };
  const policies = watch<NetworkPolicy>(kube, '/apis/networking.k8s.io/v1/networkpolicies', syncSoon);
  const namespaces = watch<Namespace>(kube, '/api/v1/namespaces', syncSoon);
  return {
    sync,
    syncSoon,
    ready: Promise.all([policies.ready, namespaces.ready]),
    stop() {
      policies.stop();
      namespaces.stop();
    },
  };
}
