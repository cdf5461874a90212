import { join } from 'node:path';
import { API_IP, CLUSTER_DOMAIN, NODE_IP, POD_CIDR, SERVICE_CIDR } from '../node/addresses.ts';
import type { Certificate } from './authority.ts';

const CLIENT_URL = 'http://127.0.0.1:2379';
const PEER_URL = 'http://127.0.0.1:2380';
export const API_PORT = 6443;
export const API_URL = `https://${NODE_IP}:${API_PORT}`;

/** What the API server's certificate is for; 127.0.0.1 is where the tunnel ends outside. */
export const API_NAMES = [
  ...[NODE_IP, '127.0.0.1', API_IP].map((ip) => `IP:${ip}`),
  ...['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc'].map((name) => `DNS:${name}`),
  `DNS:kubernetes.default.svc.${CLUSTER_DOMAIN}`,
];

export function etcdArguments(runFolder: string): string[] {
  return [
    // Nothing is to outlive this cluster.
    ...['--data-dir', join(runFolder, 'etcd'), '--unsafe-no-fsync', '--log-level=warn'],
    ...[`--listen-client-urls=${CLIENT_URL}`, `--advertise-client-urls=${CLIENT_URL}`],
    ...[`--listen-peer-urls=${PEER_URL}`, `--initial-advertise-peer-urls=${PEER_URL}`],
    `--initial-cluster=default=${PEER_URL}`,
  ];
}

/** Paths of files. */
export type ApiServerFiles = {
  serving: Certificate;
  clientCa: string;
  tokens: string;
  serviceAccountKey: string;
  frontProxy: Certificate;
  frontProxyCa: string;
};

export function apiServerArguments(files: ApiServerFiles): string[] {
  const { serving, clientCa, tokens, serviceAccountKey, frontProxy, frontProxyCa } = files;
  return [
    ...[`--etcd-servers=${CLIENT_URL}`, `--bind-address=${NODE_IP}`, `--secure-port=${API_PORT}`],
    ...[`--advertise-address=${NODE_IP}`, `--service-cluster-ip-range=${SERVICE_CIDR}`],
    ...['--tls-cert-file', serving.cert, '--tls-private-key-file', serving.key],
    ...['--client-ca-file', clientCa, '--token-auth-file', tokens, '--authorization-mode=Node,RBAC'],
    ...['--enable-admission-plugins=NodeRestriction', '--allow-privileged=true'],
    '--service-account-issuer=https://kubernetes.default.svc',
    ...['--service-account-key-file', serviceAccountKey, '--service-account-signing-key-file', serviceAccountKey],
    ...['--requestheader-client-ca-file', frontProxyCa, '--requestheader-allowed-names=front-proxy-client'],
    ...['--requestheader-extra-headers-prefix=X-Remote-Extra-', '--requestheader-group-headers=X-Remote-Group'],
    '--requestheader-username-headers=X-Remote-User',
    ...['--proxy-client-cert-file', frontProxy.cert, '--proxy-client-key-file', frontProxy.key],
    ...['--kubelet-preferred-address-types=InternalIP', '--profiling=false'],
  ];
}

export function controllerManagerArguments(kubeconfig: string, serviceAccountKey: string, ca: string): string[] {
  return [
    ...['--kubeconfig', kubeconfig, '--secure-port=0', '--leader-elect=false', '--profiling=false'],
    ...['--controllers=*,-nodeipam', '--use-service-account-credentials=true'],
    ...['--service-account-private-key-file', serviceAccountKey, '--root-ca-file', ca],
    ...['--kube-api-qps=500', '--kube-api-burst=1000'],
    // An autoscaler that waits as long as in production would take a test's whole time.
    ...['--horizontal-pod-autoscaler-sync-period=2s', '--horizontal-pod-autoscaler-initial-readiness-delay=2s'],
  ];
}

export function schedulerArguments(kubeconfig: string): string[] {
  return ['--kubeconfig', kubeconfig, '--secure-port=0', '--leader-elect=false', '--profiling=false'];
}

/** kube-proxy's configuration file. */
export function proxyConfiguration(kubeconfig: string, node: string): string {
  return JSON.stringify({
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'nftables',
    hostnameOverride: node,
    bindAddress: NODE_IP,
    clusterCIDR: POD_CIDR,
    clientConnection: { kubeconfig },
    healthzBindAddress: '127.0.0.1:10256',
    metricsBindAddress: '127.0.0.1:10249',
    // In a network namespace conntrack's limits are not kube-proxy's to set: 0 leaves them alone.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  });
}
