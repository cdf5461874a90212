import { connectionsMetric } from '../../../cdk8s/services/scale-by-metric.ts';
import type { Condition, KubeObject } from '../api/objects.ts';
import type { Cluster, Manifest } from '../client/cluster.ts';
import { holds } from '../client/conditions.ts';
import { selfSigned } from '../proofs/self-signed.ts';

const name = 'metrics-api';
const port = 8443;
const apis = [
  { group: 'custom.metrics.k8s.io', version: 'v1beta2' },
  { group: 'metrics.k8s.io', version: 'v1beta1' },
];

/**
 * Serves both APIs that autoscalers ask, by images/metrics-api.ts in a pod of the cluster's namespace. They are the whole
 * cluster's: for a cluster of one's own.
 */
export async function serveMetricsApis(cluster: Cluster): Promise<void> {
  const { namespace } = cluster;
  const { cert, key } = selfSigned(`${name}.${namespace}.svc`);
  const metadata = { name };
  const container = {
    name,
    image: 'test/metrics-api',
    env: [{ name: 'METRIC', value: connectionsMetric }],
    volumeMounts: [{ name: 'tls', mountPath: '/tls', readOnly: true }],
    readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
  };
  const pod = {
    serviceAccountName: name,
    terminationGracePeriodSeconds: 1,
    containers: [container],
    volumes: [{ name: 'tls', secret: { secretName: name } }],
  };
  const labels = { app: name };
  const subjects = [{ kind: 'ServiceAccount', name, namespace }];
  const roleRef = (kind: string, role: string) => ({ apiGroup: 'rbac.authorization.k8s.io', kind, name: role });
  const objects: Manifest[] = [
    { kind: 'ServiceAccount', metadata },
    { kind: 'Secret', metadata, stringData: { 'tls.crt': cert, 'tls.key': key } },
    { kind: 'ClusterRole', metadata, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }] },
    { kind: 'ClusterRoleBinding', metadata, roleRef: roleRef('ClusterRole', name), subjects },
    {
      kind: 'RoleBinding',
      metadata: { name, namespace: 'kube-system' },
      roleRef: roleRef('Role', 'extension-apiserver-authentication-reader'),
      subjects,
    },
    {
      kind: 'Deployment',
      metadata,
      spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: pod } },
    },
    { kind: 'Service', metadata, spec: { selector: labels, ports: [{ port: 443, targetPort: port }] } },
  ];
  for (const object of objects) await cluster.create(object);
  await cluster.ready('Deployment', name);
  for (const { group, version } of apis) {
    const served = `${version}.${group}`;
    await cluster.create({
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: served },
      spec: {
        ...{ group, version, groupPriorityMinimum: 100, versionPriority: 100 },
        service: { name, namespace },
        caBundle: Buffer.from(cert).toString('base64'),
      },
    });
    await cluster.becomes<ApiService>('apiregistration.k8s.io/v1/APIService', served, ({ status }) =>
      holds(status?.conditions, 'Available') ? undefined : JSON.stringify(status),
    );
  }
}

type ApiService = KubeObject & { status?: { conditions?: Condition[] } };
