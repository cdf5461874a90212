import { selects } from '#test/cluster/api/selects.ts';
import { type Manifests, whereOf } from '../rendered/manifests.ts';
import { faultsOf, part } from './each.ts';
import type { Rule } from './rule.ts';

const policy = (manifests: Manifests) => manifests.get('NetworkPolicy', 'hub');
const located = (manifests: Manifests) => manifests.of('NetworkPolicy').map((it) => ({ ...it, where: whereOf(it) }));

/** What a pod may reach is held to docs/network.md in test/manifests/network; here is whether policies hit their pods at all. */
export const isolationRules: readonly Rule[] = [
  {
    name: 'pods-are-isolated',
    upstream: { kubeLinter: ['non-isolated-pod'], polaris: ['missingNetworkPolicy'] },
    check: (manifests) =>
      faultsOf(manifests.workloads, ({ template }) => {
        const applying = manifests
          .of('NetworkPolicy')
          .filter(({ spec }) => selects(spec.podSelector, template.metadata.labels ?? {}));
        const types = applying.flatMap(({ spec }) => spec.policyTypes);
        // The one that closes everything does not count: it says nothing of what the pod is for.
        const own = applying.filter(({ spec }) => Object.keys(spec.podSelector.matchLabels ?? {}).length > 0);
        return types.includes('Ingress') && types.includes('Egress') && own.length > 0
          ? undefined
          : 'is in no policy of its own';
      }),
    breaks: {
      none: (it) => it.objects.splice(it.objects.indexOf(policy(it)), 1),
      'of nobody': (it) => Object.assign(policy(it).spec, { podSelector: { matchLabels: { app: 'hub' } } }),
      'a pod of another name': (it) =>
        Object.assign(it.get('Deployment', 'hub').spec.template.metadata, { labels: { app: 'hub' } }),
    },
  },
  {
    name: 'what-no-policy-names-is-closed',
    check: (manifests) => {
      const closes = manifests
        .of('NetworkPolicy')
        .some(
          ({ spec: { podSelector, policyTypes, ingress = [], egress = [] } }) =>
            Object.keys(podSelector).length === 0 &&
            ['Ingress', 'Egress'].every((type) => policyTypes.includes(type)) &&
            ingress.length + egress.length === 0,
        );
      return closes ? [] : [{ where: 'NetworkPolicy/closed', why: 'a pod that no policy names is open' }];
    },
    breaks: {
      gone: (it) => it.objects.splice(it.objects.indexOf(it.get('NetworkPolicy', 'closed')), 1),
      'in one direction': (it) => Object.assign(it.get('NetworkPolicy', 'closed').spec, { policyTypes: ['Ingress'] }),
      'of some': (it) =>
        Object.assign(it.get('NetworkPolicy', 'closed').spec, { podSelector: { matchLabels: { app: 'hub' } } }),
      'with a hole': (it) => Object.assign(it.get('NetworkPolicy', 'closed').spec, { ingress: [{}] }),
    },
  },
  {
    name: 'policies-say-both-directions',
    check: (manifests) =>
      faultsOf(located(manifests), ({ spec: { policyTypes } }) =>
        policyTypes.includes('Ingress') && policyTypes.includes('Egress') ? undefined : 'leaves a direction open',
      ),
    breaks: { one: (it) => Object.assign(policy(it).spec, { policyTypes: ['Egress'] }) },
  },
  {
    name: 'policies-have-pods',
    upstream: { kubeLinter: ['dangling-networkpolicy'] },
    check: (manifests) =>
      faultsOf(located(manifests), ({ spec }) =>
        manifests.workloads.some(({ template }) => selects(spec.podSelector, template.metadata.labels ?? {}))
          ? undefined
          : 'selects no pod',
      ),
    breaks: { none: (it) => Object.assign(policy(it).spec, { podSelector: { matchLabels: { app: 'hub' } } }) },
  },
  {
    name: 'policies-have-peers',
    upstream: { kubeLinter: ['dangling-networkpolicypeer-podselector'] },
    check: (manifests) =>
      located(manifests).flatMap(({ where, spec: { ingress = [], egress = [] } }) => {
        const peers = [...ingress.flatMap(({ from = [] }) => from), ...egress.flatMap(({ to = [] }) => to)];
        const inside = peers.filter(({ podSelector, namespaceSelector }) => podSelector && !namespaceSelector);
        return faultsOf(
          inside.map((it) => ({ ...it, where })),
          ({ podSelector }) =>
            manifests.workloads.some(({ template }) => selects(podSelector, template.metadata.labels ?? {}))
              ? undefined
              : `names a peer that is no pod: ${Object.values(podSelector?.matchLabels ?? {}).join()}`,
        );
      }),
    breaks: {
      none: (it) => {
        const [peer] = part(policy(it).spec.egress?.flatMap(({ to = [] }) => to));
        part(peer).podSelector = { matchLabels: { app: 'nobody' } };
      },
    },
  },
  {
    name: 'policy-ports-are-served',
    check: (manifests) =>
      located(manifests).flatMap(({ where, spec }) => {
        const pods = manifests.workloads.filter(({ template }) =>
          selects(spec.podSelector, template.metadata.labels ?? {}),
        );
        const names = pods.map(({ name }) => name);
        const served = pods.flatMap(
          ({
            template: {
              spec: { containers, initContainers = [] },
            },
          }) =>
            [...containers, ...initContainers].flatMap(({ ports = [] }) =>
              ports.map(({ containerPort }) => containerPort),
            ),
        );
        const opened = (spec.ingress ?? []).flatMap(({ ports = [], from = [] }) =>
          // What pods of one kind tell each other is their own business.
          from.some(
            ({ podSelector }) =>
              podSelector && names.includes(podSelector.matchLabels?.['app.kubernetes.io/name'] ?? ''),
          )
            ? []
            : ports.map(({ port }) => port),
        );
        return faultsOf([{ where }], () => {
          const dead = opened.filter((port) => !served.includes(port as number));
          return dead.length > 0 ? `opens ${dead.join()}, which no container has` : undefined;
        });
      }),
    breaks: {
      'another port': (it) => Object.assign(part(policy(it).spec.ingress?.[0]?.ports?.[0]), { port: 8098 }),
    },
  },
];
