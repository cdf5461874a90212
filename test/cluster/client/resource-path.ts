import type { Kube } from '../api/kube.ts';

type Resource = { prefix: string; plural: string; namespaced: boolean };

/** Kinds that tests name without their group. */
const KNOWN: Readonly<Record<string, string>> = {
  ...of(
    'v1',
    'Pod Service ConfigMap Secret Namespace Node ServiceAccount PersistentVolumeClaim PersistentVolume Event',
  ),
  ...of('apps/v1', 'Deployment StatefulSet DaemonSet ReplicaSet'),
  ...of('batch/v1', 'Job CronJob'),
  ...of('networking.k8s.io/v1', 'NetworkPolicy Ingress'),
  ...of('rbac.authorization.k8s.io/v1', 'Role RoleBinding ClusterRole ClusterRoleBinding'),
  ...of('policy/v1', 'PodDisruptionBudget'),
  ...of('autoscaling/v2', 'HorizontalPodAutoscaler'),
  ...of('storage.k8s.io/v1', 'StorageClass'),
  ...of('coordination.k8s.io/v1', 'Lease'),
  ...of('discovery.k8s.io/v1', 'EndpointSlice'),
};

/** `Deployment`, or `gateway.networking.k8s.io/v1/HTTPRoute` for what is not so common. */
export function apiVersionOf(kind: string): { apiVersion: string; kind: string } {
  const slash = kind.lastIndexOf('/');
  if (slash > 0) return { apiVersion: kind.slice(0, slash), kind: kind.slice(slash + 1) };
  const apiVersion = KNOWN[kind];
  if (apiVersion === undefined) throw new Error(`which group has ${kind}? Say group/version/${kind}`);
  return { apiVersion, kind };
}

/** Finds where objects of a kind live by asking the API server, once per group. */
export class ResourcePaths {
  readonly #kube: Kube;
  readonly #groups = new Map<string, Promise<Map<string, Resource>>>();

  constructor(kube: Kube) {
    this.#kube = kube;
  }

  /** The collection's path without a name. A kind without namespaces ignores `namespace`. */
  async of(apiVersion: string, kind: string, namespace: string, name?: string): Promise<string> {
    const resource = (await this.#group(apiVersion)).get(kind);
    if (resource === undefined) throw new Error(`the cluster knows no ${apiVersion} ${kind}`);
    const { prefix, plural, namespaced } = resource;
    const collection = namespaced ? `${prefix}/namespaces/${namespace}/${plural}` : `${prefix}/${plural}`;
    return name === undefined ? collection : `${collection}/${name}`;
  }

  async #group(apiVersion: string): Promise<Map<string, Resource>> {
    const known = this.#groups.get(apiVersion) ?? this.#discover(apiVersion);
    this.#groups.set(apiVersion, known);
    try {
      return await known;
    } catch (error) {
      // A CRD may come later.
      this.#groups.delete(apiVersion);
      throw error;
    }
  }

  async #discover(apiVersion: string): Promise<Map<string, Resource>> {
    const prefix = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    type Discovered = { resources: { name: string; kind: string; namespaced: boolean }[] };
    const { resources } = await this.#kube.must<Discovered>('GET', prefix);
    const own = resources.filter(({ name }) => !name.includes('/'));
    return new Map(own.map(({ name, kind, namespaced }) => [kind, { prefix, plural: name, namespaced }]));
  }
}

function of(apiVersion: string, kinds: string): Record<string, string> {
  return Object.fromEntries(kinds.split(' ').map((kind) => [kind, apiVersion]));
}
