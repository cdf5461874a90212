import { type Manifests, whereOf } from '../rendered/manifests.ts';
import type { AccessRule, ObjectOf } from '../rendered/wire.ts';
import { eachWorkload, faultsOf, part } from './each.ts';
import type { Fault, Rule } from './rule.ts';

const role = (manifests: Manifests) => part(manifests.of('Role').find(({ metadata }) => metadata.name === 'bootstrap'));
const pod = (manifests: Manifests) => manifests.podOf('hub');

function ruleFaults(manifests: Manifests, why: (rule: AccessRule) => string | undefined): Fault[] {
  const roles = [...manifests.of('Role'), ...manifests.of('ClusterRole')];
  return roles.flatMap((it) =>
    faultsOf(
      it.rules.map((rule) => ({ rule, where: whereOf(it) })),
      ({ rule }) => why(rule),
    ),
  );
}

function bindings(manifests: Manifests) {
  return [...manifests.of('RoleBinding'), ...manifests.of('ClusterRoleBinding')].map((it) => ({
    ...it,
    where: whereOf(it),
  }));
}

const clusterBinding = (name: string): ObjectOf<'ClusterRoleBinding'> => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRoleBinding',
  metadata: { name: 'too-much' },
  roleRef: { kind: 'ClusterRole', name },
  subjects: [{ kind: 'ServiceAccount', name: 'hub', namespace: 'sonixy-realtime' }],
});

/** Who may ask the API server for what. */
export const accessRules: readonly Rule[] = [
  {
    name: 'has-an-account-of-its-own',
    upstream: { kubeLinter: ['default-service-account', 'non-existent-service-account'] },
    check: eachWorkload(({ name, kind, template: { spec, metadata } }, manifests) => {
      const own = metadata.labels?.['app.kubernetes.io/name'];
      const account = spec.serviceAccountName;
      if (account === undefined || account === 'default') return 'is whoever the namespace has by default';
      if (!manifests.find('ServiceAccount', account)) return `is ${account}, who is not there`;
      return account === own ? undefined : `${kind} ${name} is ${account}`;
    }),
    breaks: {
      unsaid: (it) => delete pod(it).serviceAccountName,
      default: (it) => Object.assign(pod(it), { serviceAccountName: 'default' }),
      'not there': (it) => it.objects.splice(it.objects.indexOf(it.get('ServiceAccount', 'hub')), 1),
      "another's": (it) => Object.assign(pod(it), { serviceAccountName: 'bootstrap' }),
    },
  },
  {
    name: 'no-old-account-field',
    upstream: { kubeLinter: ['deprecated-service-account-field'] },
    check: eachWorkload(({ template }) => (template.spec.serviceAccount ? 'sets serviceAccount, too' : undefined)),
    breaks: { both: (it) => Object.assign(pod(it), { serviceAccount: 'hub' }) },
  },
  {
    name: 'no-token',
    upstream: { polaris: ['automountServiceAccountToken'] },
    check: eachWorkload(({ template }) =>
      template.spec.automountServiceAccountToken === false ? undefined : 'is given a token of the API server',
    ),
    breaks: {
      unsaid: (it) => delete pod(it).automountServiceAccountToken,
      given: (it) => Object.assign(pod(it), { automountServiceAccountToken: true }),
    },
  },
  {
    name: 'accounts-give-no-token',
    check: (manifests) =>
      faultsOf(
        manifests.of('ServiceAccount').map((it) => ({ ...it, where: whereOf(it) })),
        ({ automountServiceAccountToken }) =>
          automountServiceAccountToken === false ? undefined : 'gives its token to pods that do not ask',
      ),
    breaks: { unsaid: (it) => delete it.get('ServiceAccount', 'hub').automountServiceAccountToken },
  },
  {
    name: 'only-who-has-rights-has-a-token',
    check: eachWorkload(({ template: { spec } }, manifests) => {
      const hasToken = spec.automountServiceAccountToken === true;
      const hasRights = bindings(manifests).some(({ subjects = [] }) =>
        subjects.some(({ name }) => name === spec.serviceAccountName),
      );
      if (hasToken === hasRights) return undefined;
      return hasToken ? 'has a token that opens nothing' : 'has rights and no token';
    }),
    breaks: {
      'a token': (it) => Object.assign(pod(it), { automountServiceAccountToken: true }),
      'no token': (it) =>
        Object.assign(part(it.workloads.find(({ kind }) => kind === 'Job')).template.spec, {
          automountServiceAccountToken: false,
        }),
    },
  },
  {
    name: 'no-wildcards',
    upstream: { kubeLinter: ['wildcard-in-rules'] },
    check: (manifests) =>
      ruleFaults(manifests, ({ apiGroups, resources, verbs }) =>
        [...apiGroups, ...resources, ...verbs].includes('*') ? 'may do all there is' : undefined,
      ),
    breaks: {
      verbs: (it) => Object.assign(part(role(it).rules[0]), { verbs: ['*'] }),
      resources: (it) => Object.assign(part(role(it).rules[0]), { resources: ['*'] }),
    },
  },
  {
    name: 'reads-no-secret',
    upstream: { kubeLinter: ['access-to-secrets'] },
    check: (manifests) =>
      ruleFaults(manifests, ({ resources, verbs }) => {
        const reads = verbs.filter((verb) => ['get', 'list', 'watch', '*'].includes(verb));
        return resources.includes('secrets') && reads.length > 0 ? `may ${reads.join()} Secrets` : undefined;
      }),
    breaks: {
      list: (it) => role(it).rules.push({ apiGroups: [''], resources: ['secrets'], verbs: ['list'] }),
    },
  },
  {
    name: 'objects-are-named',
    check: (manifests) =>
      ruleFaults(manifests, ({ resourceNames = [], verbs, resources }) =>
        verbs.every((verb) => verb === 'create') || resourceNames.length > 0
          ? undefined
          : `may ${verbs.join()} any of ${resources.join()}`,
      ),
    breaks: { any: (it) => delete part(role(it).rules.find(({ resourceNames }) => resourceNames)).resourceNames },
  },
  {
    name: 'nobody-enters-pods',
    upstream: {
      polaris: [
        'rolePodExecAttach',
        'clusterrolePodExecAttach',
        'rolebindingRolePodExecAttach',
        'rolebindingClusterRolePodExecAttach',
        'clusterrolebindingPodExecAttach',
      ],
    },
    check: (manifests) =>
      ruleFaults(manifests, ({ resources }) =>
        resources.some((it) => ['pods/exec', 'pods/attach', 'pods/*', '*'].includes(it)) ? 'may enter pods' : undefined,
      ),
    breaks: {
      exec: (it) => role(it).rules.push({ apiGroups: [''], resources: ['pods/exec'], verbs: ['create'] }),
      attach: (it) => role(it).rules.push({ apiGroups: [''], resources: ['pods/attach'], verbs: ['create'] }),
    },
  },
  {
    name: 'nobody-rules-the-cluster',
    upstream: {
      polaris: ['clusterrolebindingClusterAdmin', 'rolebindingClusterAdminClusterRole', 'rolebindingClusterAdminRole'],
    },
    check: (manifests) =>
      faultsOf(bindings(manifests), ({ kind, roleRef }) => {
        if (kind === 'ClusterRoleBinding') return 'has rights beyond the namespace';
        return roleRef.kind === 'Role' && manifests.find('Role', roleRef.name)
          ? undefined
          : `has the rights of ${roleRef.name}`;
      }),
    breaks: {
      admin: (it) => it.objects.push(clusterBinding('cluster-admin')),
      'in the namespace': (it) =>
        it.objects.push({ ...clusterBinding('admin'), kind: 'RoleBinding' } as ObjectOf<'RoleBinding'>),
    },
  },
  {
    name: 'rights-are-given-to-ours',
    check: (manifests) =>
      faultsOf(bindings(manifests), ({ subjects = [] }) => {
        const others = subjects.filter(
          ({ kind, name, namespace }) =>
            kind !== 'ServiceAccount' ||
            namespace !== manifests.platform.namespace ||
            !manifests.find('ServiceAccount', name),
        );
        return others.length > 0 || subjects.length === 0 ? 'gives rights to others, or to nobody' : undefined;
      }),
    breaks: {
      'another namespace': (it) =>
        Object.assign(part(it.of('RoleBinding')[0]?.subjects?.[0]), { namespace: 'default' }),
      'a group': (it) => it.of('RoleBinding')[0]?.subjects?.push({ kind: 'Group', name: 'system:serviceaccounts' }),
    },
  },
];
