type Labels = Readonly<Record<string, string>>;
type Rendered = { readonly kind: string; readonly spec?: unknown };

/** Somebody who may try to connect: a pod of ours or of another namespace, or an address outside of the cluster. */
export type Party = {
  readonly name: string;
  readonly outside?: true;
  readonly pod: Labels;
  readonly namespace: Labels;
};

type Selector = { readonly matchLabels?: Labels; readonly matchExpressions?: readonly unknown[] };
type Peer = { readonly podSelector?: Selector; readonly namespaceSelector?: Selector; readonly ipBlock?: unknown };
type Rule = { readonly from?: readonly Peer[]; readonly to?: readonly Peer[]; readonly ports?: readonly Port[] };
type Port = { readonly protocol?: string; readonly port?: number | string; readonly endPort?: number };
type PolicySpec = {
  readonly podSelector: Selector;
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
};

/**
 * Whether NetworkPolicies let `from` connect to `to`, both by what may leave and by what may come in, as the API describes
 * them: the policies of a pod add up, and a pod that none selects is open.
 *
 * @param home labels of the namespace that the policies are in
 * @see https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export class Reachability {
  readonly #policies: readonly PolicySpec[];
  readonly #home: Labels;

  constructor(objects: readonly Rendered[], home: Labels) {
    this.#home = home;
    this.#policies = objects.filter(({ kind }) => kind === 'NetworkPolicy').map(({ spec }) => spec as PolicySpec);
  }

  reaches(from: Party, to: Party, protocol: 'TCP' | 'UDP', port: number): boolean {
    return this.#allows('Egress', from, to, protocol, port) && this.#allows('Ingress', to, from, protocol, port);
  }

  /** Whether a pod may connect to any address at all on that port. */
  leaves(from: Party, protocol: 'TCP' | 'UDP', port: number): boolean {
    const anywhere: Party = { name: 'anywhere', outside: true, pod: {}, namespace: {} };
    return this.#allows('Egress', from, anywhere, protocol, port);
  }

  #allows(type: 'Ingress' | 'Egress', subject: Party, peer: Party, protocol: string, port: number): boolean {
    // Policies of this namespace say nothing about what is elsewhere.
    if (subject.outside || !this.#isHome(subject)) return true;
    const applying = this.#policies.filter(
      ({ podSelector, policyTypes }) => policyTypes.includes(type) && selects(podSelector, subject.pod),
    );
    if (applying.length === 0) return true;
    const rules = applying.flatMap((policy) => (type === 'Ingress' ? policy.ingress : policy.egress) ?? []);
    return rules.some((rule) => {
      const peers = type === 'Ingress' ? rule.from : rule.to;
      const isPeer = peers === undefined || peers.length === 0 || peers.some((one) => this.#matches(one, peer));
      return isPeer && (rule.ports === undefined || rule.ports.some((one) => covers(one, protocol, port)));
    });
  }

  #matches({ podSelector, namespaceSelector, ipBlock }: Peer, party: Party): boolean {
    if (ipBlock !== undefined) throw new Error('ipBlock is not understood here: say who it is for');
    if (party.outside) return false;
    const inNamespace = namespaceSelector ? selects(namespaceSelector, party.namespace) : this.#isHome(party);
    return inNamespace && (podSelector === undefined || selects(podSelector, party.pod));
  }

  #isHome({ namespace }: Party): boolean {
    return namespace === this.#home;
  }
}

function selects({ matchLabels = {}, matchExpressions = [] }: Selector, labels: Labels): boolean {
  if (matchExpressions.length > 0) throw new Error('matchExpressions are not understood here');
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
}

function covers(rule: Port, protocol: string, port: number): boolean {
  if ((rule.protocol ?? 'TCP') !== protocol) return false;
  if (rule.port === undefined) return true;
  // A name would have to be looked up in the pod: say numbers.
  if (typeof rule.port === 'string') throw new Error(`port ${rule.port} is a name`);
  return rule.endPort === undefined ? rule.port === port : rule.port <= port && port <= rule.endPort;
}
