import { k8s } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { stores } from '#shared/contract/secrets.ts';
import { usesInternalAuthority } from '../bootstrap/bootstrap-job.ts';
import { type Component, components, labelsOf, partOf, selectorOf } from '../metadata.ts';
import type { PlatformProps } from '../platform-props.ts';
import { externalOf } from '../stores/external-store.ts';
import { type Edge, type Exit, edgesOf, exitsOf, type Source } from './edges.ts';

/** Node-local caches and OpenShift serve names on 5353; who serves them differs, so no `to`. */
const dnsPorts = [53, 5353];

/** Everything is closed but the edges of the platform. */
export class NetworkPolicies extends Construct {
  constructor(scope: Construct, platform: PlatformProps) {
    super(scope, 'network');
    new k8s.KubeNetworkPolicy(this, 'closed', {
      metadata: { name: 'closed', labels: { 'app.kubernetes.io/part-of': partOf } },
      spec: { podSelector: {}, policyTypes: ['Ingress', 'Egress'] },
    });
    const edges = edgesOf(platform);
    const exits = exitsOf(platform);
    // What has no pods needs no policy.
    const absent = new Set<Component>(stores.filter((store) => externalOf(platform, store) !== undefined));
    if (!usesInternalAuthority(platform)) absent.add('certificates');
    const present = components.filter((component) => !absent.has(component));
    for (const component of present) new ComponentPolicy(this, component, edges, exits);
  }
}

class ComponentPolicy extends Construct {
  constructor(scope: Construct, component: Component, edges: readonly Edge[], exits: readonly Exit[]) {
    super(scope, component);
    const all = edges.filter(({ to }) => to === component);
    const isOpen = (port: number) => all.some((it) => 'anybody' in it.from && it.port === port);
    // Who is let in with everybody needs no rule of his own.
    const into = all.filter(({ from, port }) => 'anybody' in from || !isOpen(port));
    const out = edges.filter(({ from }) => 'component' in from && from.component === component);
    new k8s.KubeNetworkPolicy(this, 'policy', {
      metadata: { name: component, labels: { ...labelsOf(component) } },
      spec: {
        podSelector: { matchLabels: { ...selectorOf(component) } },
        policyTypes: ['Ingress', 'Egress'],
        ...(into.length === 0 ? {} : { ingress: groupBy(into, ({ from }) => from).map(toIngress) }),
        egress: [
          { ports: dnsPorts.flatMap((port) => [tcp(port), udp(port)]) },
          ...groupBy(out, ({ to }) => ({ component: to })).map(toEgress),
          ...exits.filter(({ from }) => from === component).map(({ ports }) => ({ ports: ports.map(tcp) })),
        ],
      },
    });
  }
}

type Group = { readonly peer: Source; readonly ports: readonly number[] };

/** One rule for each peer, with all its ports. */
function groupBy(edges: readonly Edge[], peerOf: (edge: Edge) => Source): Group[] {
  const groups = new Map<string, { peer: Source; ports: number[] }>();
  for (const edge of edges) {
    const peer = peerOf(edge);
    const key = JSON.stringify(peer);
    const group = groups.get(key) ?? { peer, ports: [] };
    if (!group.ports.includes(edge.port)) group.ports.push(edge.port);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function toIngress({ peer, ports }: Group): k8s.NetworkPolicyIngressRule {
  const rule = { ports: ports.map(tcp) };
  // An empty `from` and none are the same: anybody.
  return 'anybody' in peer ? rule : { ...rule, from: [toPeer(peer)] };
}

function toEgress({ peer, ports }: Group): k8s.NetworkPolicyEgressRule {
  return { ports: ports.map(tcp), to: [toPeer(peer)] };
}

function toPeer(peer: Source): k8s.NetworkPolicyPeer {
  if ('component' in peer) return { podSelector: { matchLabels: { ...selectorOf(peer.component) } } };
  if ('namespaces' in peer) return { namespaceSelector: { matchLabels: { ...peer.namespaces } } };
  throw new Error('anybody is no peer: the rule has none');
}

function tcp(port: number): k8s.NetworkPolicyPort {
  return { protocol: 'TCP', port: k8s.IntOrString.fromNumber(port) };
}

function udp(port: number): k8s.NetworkPolicyPort {
  return { protocol: 'UDP', port: k8s.IntOrString.fromNumber(port) };
}
