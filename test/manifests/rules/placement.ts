import { type Manifests, whereOf } from '../rendered/manifests.ts';
import { eachWorkload, faultsOf, part } from './each.ts';
import type { Rule } from './rule.ts';

const clusterScoped = new Set([
  'Namespace',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'APIService',
]);
/** Stable ones that the oldest supported Kubernetes serves; of custom resources those of the projects that we name. */
const versions: Readonly<Record<string, readonly string[]>> = {
  v1: ['Namespace', 'ServiceAccount', 'ConfigMap', 'Secret', 'Service'],
  'apps/v1': ['Deployment', 'StatefulSet'],
  'batch/v1': ['Job', 'CronJob'],
  'policy/v1': ['PodDisruptionBudget'],
  'autoscaling/v2': ['HorizontalPodAutoscaler'],
  'networking.k8s.io/v1': ['NetworkPolicy', 'Ingress'],
  'rbac.authorization.k8s.io/v1': ['Role', 'RoleBinding', 'ClusterRole', 'ClusterRoleBinding'],
  'cert-manager.io/v1': ['Issuer', 'Certificate'],
  'gateway.networking.k8s.io/v1': ['HTTPRoute'],
  'monitoring.coreos.com/v1': ['ServiceMonitor', 'PodMonitor'],
};

const located = (manifests: Manifests) => manifests.objects.map((it) => ({ ...it, where: whereOf(it) }));
const labelled = 'app.kubernetes.io';

/** Where an object is, and by what names and labels it is known. */
export const placementRules: readonly Rule[] = [
  {
    name: 'in-our-namespace',
    upstream: { kubeLinter: ['use-namespace'] },
    check: (manifests) =>
      faultsOf(located(manifests), ({ kind, metadata: { namespace } }) => {
        if (clusterScoped.has(kind))
          return namespace === undefined ? undefined : 'is of the cluster and names a namespace';
        return namespace === manifests.platform.namespace ? undefined : `is in ${namespace ?? 'whatever namespace'}`;
      }),
    breaks: {
      unsaid: (it) => delete it.get('Service', 'hub').metadata.namespace,
      default: (it) => Object.assign(it.get('Service', 'hub').metadata, { namespace: 'default' }),
      'a namespace in a namespace': (it) =>
        Object.assign(it.get('Namespace', 'sonixy-realtime').metadata, { namespace: 'sonixy-realtime' }),
    },
  },
  {
    name: 'of-a-known-version',
    upstream: { kubeLinter: ['no-extensions-v1beta'] },
    check: (manifests) =>
      faultsOf(located(manifests), ({ apiVersion, kind }) =>
        versions[apiVersion]?.includes(kind) ? undefined : `is ${apiVersion}, which not every supported cluster serves`,
      ),
    breaks: {
      old: (it) => Object.assign(it.get('Deployment', 'hub'), { apiVersion: 'extensions/v1beta1' }),
      unknown: (it) => Object.assign(it.get('Service', 'hub'), { kind: 'Servise' }),
    },
  },
  {
    name: 'named-once',
    check: (manifests) => {
      const all = located(manifests).map(({ where }) => where);
      return faultsOf(located(manifests), ({ where }) =>
        all.indexOf(where) === all.lastIndexOf(where) ? undefined : 'is there twice',
      );
    },
    breaks: { twice: (it) => it.objects.push(structuredClone(it.get('Service', 'hub'))) },
  },
  {
    name: 'labelled-as-ours',
    check: (manifests) =>
      faultsOf(located(manifests), ({ metadata: { labels = {} } }) =>
        labels[`${labelled}/part-of`] === 'sonixy-realtime' ? undefined : 'does not say what it is part of',
      ),
    breaks: {
      unsaid: (it) => delete it.get('Service', 'hub').metadata.labels,
      other: (it) =>
        Object.assign(it.get('ConfigMap', 'redis').metadata, { labels: { [`${labelled}/part-of`]: 'redis' } }),
    },
  },
  {
    name: 'pods-are-labelled',
    check: eachWorkload(({ template, object: { metadata } }) => {
      const labels = template.metadata.labels ?? {};
      const wanted = ['name', 'instance', 'part-of'].filter(
        (key) =>
          !labels[`${labelled}/${key}`] || labels[`${labelled}/${key}`] !== metadata.labels?.[`${labelled}/${key}`],
      );
      return wanted.length > 0 ? `its pods do not carry its own ${wanted.join()}` : undefined;
    }),
    breaks: {
      name: (it) => delete it.get('Deployment', 'hub').spec.template.metadata.labels?.[`${labelled}/name`],
      instance: (it) => delete it.get('Deployment', 'hub').spec.template.metadata.labels?.[`${labelled}/instance`],
      'part of': (it) => delete it.get('Deployment', 'hub').spec.template.metadata.labels?.[`${labelled}/part-of`],
    },
  },
  {
    name: 'instance-is-the-name',
    upstream: { polaris: ['metadataAndInstanceMismatched'] },
    check: eachWorkload(({ object: { metadata } }) =>
      metadata.labels?.[`${labelled}/instance`] === metadata.name ? undefined : 'is of an instance of another name',
    ),
    breaks: {
      other: (it) =>
        Object.assign(it.get('Deployment', 'hub').metadata.labels ?? {}, { [`${labelled}/instance`]: 'hubs' }),
    },
  },
  {
    name: 'no-service-links',
    check: eachWorkload(({ template }) =>
      template.spec.enableServiceLinks === false ? undefined : 'is told of every Service: HUB_PORT would be a URL',
    ),
    breaks: {
      unsaid: (it) => delete it.podOf('hub').enableServiceLinks,
      'of a job': (it) => delete part(it.workloads.find(({ kind }) => kind === 'Job')).template.spec.enableServiceLinks,
    },
  },
  {
    name: 'holds-no-secret',
    upstream: { polaris: ['sensitiveConfigmapContent'] },
    check: (manifests) => [
      ...faultsOf(
        manifests.of('Secret').map((it) => ({ ...it, where: whereOf(it) })),
        () => 'is a secret in a file for all to read',
      ),
      ...faultsOf(
        manifests.of('ConfigMap').map((it) => ({ ...it, where: whereOf(it) })),
        ({ data = {} }) =>
          Object.values(data).some((text) =>
            /PRIVATE KEY|(password|secret|token)\s*[=:]\s*\S|:\/\/[^/@\s]*:[^/@\s]+@|^\s*user \S+ .*>/im.test(text),
          )
            ? 'holds a secret'
            : undefined,
      ),
    ],
    breaks: {
      Secret: (it) => it.objects.push({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'sonixy-internal' } }),
      'in a ConfigMap': (it) =>
        Object.assign(it.get('ConfigMap', 'redis').data ?? {}, { 'users.acl': 'user hub on >guest ~*' }),
      'as a setting': (it) =>
        Object.assign(it.get('ConfigMap', 'rabbitmq').data ?? {}, {
          more: 'default_pass_secret = x\npassword = guest',
        }),
    },
  },
];
