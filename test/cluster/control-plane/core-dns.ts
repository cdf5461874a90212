import type { Kube } from '../api/kube.ts';
import type { Image } from '../images/image.ts';
import { CLUSTER_DOMAIN, DNS_IP } from '../node/addresses.ts';

const NAMESPACE = 'kube-system';
const RBAC = 'rbac.authorization.k8s.io';
const BINARY = '/usr/local/bin/kubetools';
const labels = { 'k8s-app': 'kube-dns' };

// The template plugin would come before kubernetes whatever the order here: hence a block of its own for the rest of
// the world, which does not exist here.
const COREFILE = `${CLUSTER_DOMAIN}:53 in-addr.arpa:53 {
  errors
  health
  ready
  kubernetes ${CLUSTER_DOMAIN} in-addr.arpa {
    pods insecure
    ttl 5
  }
}
.:53 {
  template ANY ANY {
    rcode NXDOMAIN
  }
}
`;

export function coreDnsImage(kubetools: string): Image {
  return { entryPoint: [BINARY, 'coredns'], mounts: { [BINARY]: kubetools } };
}

/** CoreDNS as a Deployment of kube-system, with the labels that NetworkPolicies know it by. */
export async function deployCoreDns(kube: Kube): Promise<void> {
  const metadata = (name: string) => ({ name, namespace: NAMESPACE, labels });
  const core = `/api/v1/namespaces/${NAMESPACE}`;
  await kube.must('POST', `${core}/serviceaccounts`, { metadata: metadata('coredns') });
  await kube.must('POST', `/apis/${RBAC}/v1/clusterroles`, {
    metadata: { name: 'system:coredns' },
    rules: [
      { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
      { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
    ],
  });
  await kube.must('POST', `/apis/${RBAC}/v1/clusterrolebindings`, {
    metadata: { name: 'system:coredns' },
    roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'system:coredns' },
    subjects: [{ kind: 'ServiceAccount', name: 'coredns', namespace: NAMESPACE }],
  });
  await kube.must('POST', `${core}/configmaps`, { metadata: metadata('coredns'), data: { Corefile: COREFILE } });
  await kube.must('POST', `${core}/services`, {
    metadata: metadata('kube-dns'),
    spec: {
      clusterIP: DNS_IP,
      selector: labels,
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP' },
        { name: 'dns-tcp', port: 53, protocol: 'TCP' },
      ],
    },
  });
  await kube.must('POST', `/apis/apps/v1/namespaces/${NAMESPACE}/deployments`, {
    metadata: metadata('coredns'),
    spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec } },
  });
}

const podSpec = {
  serviceAccountName: 'coredns',
  dnsPolicy: 'Default',
  terminationGracePeriodSeconds: 5,
  volumes: [{ name: 'config', configMap: { name: 'coredns' } }],
  containers: [
    {
      name: 'coredns',
      image: 'coredns',
      args: ['/etc/coredns/Corefile'],
      volumeMounts: [{ name: 'config', mountPath: '/etc/coredns', readOnly: true }],
      ports: [
        { name: 'dns', containerPort: 53, protocol: 'UDP' },
        { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
      ],
      securityContext: {
        ...{ runAsUser: 65_532, runAsGroup: 65_532, allowPrivilegeEscalation: false, readOnlyRootFilesystem: true },
        capabilities: { drop: ['ALL'] },
      },
      readinessProbe: { httpGet: { path: '/ready', port: 8181 }, periodSeconds: 1 },
    },
  ],
};
