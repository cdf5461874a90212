import type { KubeObject, LabelSelector } from '../api/objects.ts';
import { selects } from '../api/selects.ts';
import { NODE_IP } from './addresses.ts';

export type NetworkPolicy = KubeObject & {
  spec: {
    podSelector?: LabelSelector;
    policyTypes?: ('Ingress' | 'Egress')[];
    ingress?: { from?: Peer[]; ports?: Port[] }[];
    egress?: { to?: Peer[]; ports?: Port[] }[];
  };
};
type Peer = {
  podSelector?: LabelSelector;
  namespaceSelector?: LabelSelector;
  ipBlock?: { cidr: string; except?: string[] };
};
type Port = { protocol?: string; port?: number | string; endPort?: number };

export type PolicyPod = {
  namespace: string;
  name: string;
  ip: string;
  labels: Record<string, string>;
  ports: readonly { name?: string; containerPort: number; protocol?: string }[];
};

/** Labels of the cluster's namespaces. */
export type NamespaceLabels = (name: string) => Record<string, string> | undefined;

type Way = 'ingress' | 'egress';
/** One alternative of a rule's peers as a match on an address; `pods` where it is a set of pods. */
type Match = { text: string; pods?: PolicyPod[] };

/**
 * PacketRules as the text of one nftables table, to be loaded in one transaction. Every packet of a pod is routed
 * on the node and carries addresses of pods there: Services are translated already.
 */
export function policyRules(
  policies: readonly NetworkPolicy[],
  pods: readonly PolicyPod[],
  namespaceLabels: NamespaceLabels,
): string {
  const chains: string[] = [];
  const jumps: Record<Way, string[]> = { ingress: [], egress: [] };
  for (const [i, pod] of pods.entries()) {
    for (const way of ['ingress', 'egress'] as const) {
      const own = policies.filter((policy) => isolates(policy, pod, way));
      if (own.length === 0) continue;
      const rules = own.flatMap((policy) => rulesOf(policy, way, pod, pods, namespaceLabels));
      const self = `ip ${way === 'ingress' ? 'saddr' : 'daddr'} ${pod.ip} return`;
      const body = [self, ...rules, 'counter drop'].map((rule) => `    ${rule}\n`).join('');
      chains.push(`  chain ${way}-${i} { # ${pod.namespace}/${pod.name}\n${body}  }\n`);
      jumps[way].push(`${pod.ip} : jump ${way}-${i}`);
    }
  }
  const dispatch = (way: Way, side: string) =>
    jumps[way].length === 0 ? '' : `    ip ${side} vmap { ${jumps[way].join(', ')} }\n`;
  // The node itself always reaches its pods (probes); pods reach it only where their egress rules allow.
  return `table ip netpol {}
delete table ip netpol
table ip netpol {
${chains.join('')}  chain forward {
    type filter hook forward priority filter; policy accept;
    ct state established,related accept
${dispatch('egress', 'saddr')}    ip saddr ${NODE_IP} accept
${dispatch('ingress', 'daddr')}  }
  chain input {
    type filter hook input priority filter; policy accept;
    ct state established,related accept
${dispatch('egress', 'saddr')}  }
}
`;
}

function isolates({ metadata, spec }: NetworkPolicy, pod: PolicyPod, way: Way): boolean {
  const types = spec.policyTypes ?? (spec.egress === undefined ? ['Ingress'] : ['Ingress', 'Egress']);
  if (!types.includes(way === 'ingress' ? 'Ingress' : 'Egress')) return false;
  return metadata.namespace === pod.namespace && selects(spec.podSelector, pod.labels);
}

function rulesOf(
  { spec }: NetworkPolicy,
  way: Way,
  pod: PolicyPod,
  pods: readonly PolicyPod[],
  namespaceLabels: NamespaceLabels,
): string[] {
  const rules =
    way === 'ingress'
      ? (spec.ingress ?? []).map(({ from, ports }) => ({ peers: from, ports }))
      : (spec.egress ?? []).map(({ to, ports }) => ({ peers: to, ports }));
  const side = way === 'ingress' ? 'saddr' : 'daddr';
  return rules.flatMap(({ peers, ports }) => {
    const matches = peerMatches(peers, side, pod, pods, namespaceLabels);
    const named = ports?.some(({ port }) => typeof port === 'string') ?? false;
    if (way === 'ingress' || !named) {
      return matches.flatMap(({ text }) => portMatches(ports, pod).map((port) => `${text}${port}return`));
    }
    // A port's name stands for what the receiver of the packet declares under it.
    return matches.flatMap((match) =>
      (match.pods ?? pods).flatMap((to) =>
        portMatches(ports, to).map((port) => `${match.pods ? '' : match.text}ip daddr ${to.ip} ${port}return`),
      ),
    );
  });
}

function peerMatches(
  peers: readonly Peer[] | undefined,
  side: string,
  pod: PolicyPod,
  pods: readonly PolicyPod[],
  namespaceLabels: NamespaceLabels,
): Match[] {
  if (peers === undefined || peers.length === 0) return [{ text: '' }];
  const isMeant =
    (other: PolicyPod) =>
    ({ ipBlock, namespaceSelector, podSelector }: Peer) => {
      if (ipBlock !== undefined) return false;
      const there =
        namespaceSelector === undefined
          ? other.namespace === pod.namespace
          : selects(namespaceSelector, namespaceLabels(other.namespace));
      return there && selects(podSelector, other.labels);
    };
  const chosen = pods.filter((other) => peers.some(isMeant(other)));
  const blocks = peers.flatMap(({ ipBlock }) => (ipBlock && !ipBlock.cidr.includes(':') ? [ipBlock] : []));
  return [
    ...(chosen.length > 0 ? [{ text: `ip ${side} ${set(chosen.map(({ ip }) => ip))} `, pods: chosen }] : []),
    ...blocks.map(({ cidr, except = [] }) => ({
      text: `${cidr === '0.0.0.0/0' ? '' : `ip ${side} ${cidr} `}${except.length > 0 ? `ip ${side} != ${set(except)} ` : ''}`,
    })),
  ];
}

function portMatches(wanted: readonly Port[] | undefined, receiver: PolicyPod): string[] {
  if (wanted === undefined || wanted.length === 0) return [''];
  const byProtocol = new Map<string, (string | number)[]>();
  const whole = new Set<string>();
  for (const { protocol = 'TCP', port, endPort } of wanted) {
    const l4 = protocol.toLowerCase();
    const numbers = byProtocol.get(l4) ?? [];
    byProtocol.set(l4, numbers);
    if (port === undefined) whole.add(l4);
    else if (typeof port === 'number') numbers.push(endPort === undefined ? port : `${port}-${endPort}`);
    else {
      const declared = receiver.ports.filter((each) => each.name === port && (each.protocol ?? 'TCP') === protocol);
      numbers.push(...declared.map(({ containerPort }) => containerPort));
    }
  }
  return [...byProtocol].flatMap(([l4, numbers]) => {
    if (whole.has(l4)) return [`meta l4proto ${l4} `];
    return numbers.length > 0 ? [`${l4} dport ${set(numbers)} `] : [];
  });
}

function set(values: readonly (string | number)[]): string {
  return `{ ${[...new Set(values)].join(', ')} }`;
}
