import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../../eventually.ts';
import { Kube } from '../api/kube.ts';
import type { Condition, KubeObject, List } from '../api/objects.ts';
import { imageTable } from '../images/table.ts';
import { NODE_IP } from '../node/addresses.ts';
import { PROVISIONER } from '../node/claims.ts';
import { type Kubelet, startKubelet } from '../node/kubelet.ts';
import { type ClusterPlan, fileNames } from '../settings.ts';
import {
  API_NAMES,
  API_URL,
  apiServerArguments,
  controllerManagerArguments,
  etcdArguments,
  proxyConfiguration,
  schedulerArguments,
} from './arguments.ts';
import { createAuthority } from './authority.ts';
import { coreDnsImage, deployCoreDns } from './core-dns.ts';
import { Parts } from './part.ts';
import { createTokens, kubeconfig, tokenFile, type User } from './users.ts';

const TIMEOUT_MS = 120_000;

type Options = { folder: string; runFolder: string; plan: ClusterPlan; log: (line: string) => void };

/** etcd, API server, controllers, scheduler, kubelet, kube-proxy, CoreDNS, in the order in which each can start. */
export async function startControlPlane({ folder, runFolder, plan, log }: Options): Promise<Kubelet> {
  const secretFile = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const authority = await createAuthority(folder, 'ca');
  const frontAuthority = await createAuthority(folder, 'front-proxy-ca');
  const ca = readFileSync(authority.ca, 'utf8');
  const tokens = createTokens();
  const access = (user: User) => ({ url: API_URL, ca, token: tokens[user] });
  const kubeconfigOf = (user: User) => secretFile(`${user}.kubeconfig`, kubeconfig(access(user)));
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const serviceAccountKey = secretFile(
    'service-accounts.key',
    privateKey.export({ type: 'sec1', format: 'pem' }).toString(),
  );
  secretFile(fileNames.adminToken, tokens.admin);

  const parts = new Parts(plan.kubetools, folder, plan.arguments);
  const kube = new Kube(access('admin'));
  const until = async (what: string, check: () => Promise<string | undefined>) => {
    const alive = async () => {
      parts.check();
      return check();
    };
    await eventually(alive, { timeoutMs: TIMEOUT_MS, everyMs: 50 });
    log(what);
  };

  parts.start('etcd', etcdArguments(runFolder));
  parts.start(
    'kube-apiserver',
    apiServerArguments({
      serving: await authority.issue('kube-apiserver', 'apiserver', API_NAMES),
      clientCa: authority.ca,
      tokens: secretFile('tokens.csv', tokenFile(tokens)),
      serviceAccountKey,
      frontProxy: await frontAuthority.issue('front-proxy-client', 'front-proxy'),
      frontProxyCa: frontAuthority.ca,
    }),
  );
  await until('the API server is ready', () => whyApiNotReady(kube));
  const controllers = controllerManagerArguments(kubeconfigOf('controllers'), serviceAccountKey, authority.ca);
  parts.start('kube-controller-manager', controllers);
  parts.start('kube-scheduler', schedulerArguments(kubeconfigOf('scheduler')));

  const serving = await authority.issue('kubelet', 'kubelet', [`IP:${NODE_IP}`]);
  const kubelet = await startKubelet({
    ...{ folder, runFolder, log },
    ...{ nodes: plan.nodes, zones: plan.zones, backoffMs: plan.backoffMs },
    kube: new Kube(access('node')),
    images: { coredns: coreDnsImage(plan.kubetools), ...imageTable(), ...plan.images },
    tls: { cert: readFileSync(serving.cert, 'utf8'), key: readFileSync(serving.key, 'utf8') },
  });
  const proxy = proxyConfiguration(kubeconfigOf('proxy'), plan.nodes[0] ?? '');
  parts.start('kube-proxy', ['--config', secretFile('kube-proxy.json', proxy)]);
  await addBasics(kube);
  await until('the nodes are ready', () => whyNodesNotReady(kube));
  await deployCoreDns(kube);
  await until('names are resolved', () => whyDnsNotReady(kube));
  return kubelet;
}

/** What a cluster's installer brings: kube-proxy's rights, a storage class. */
async function addBasics(kube: Kube): Promise<void> {
  const group = 'rbac.authorization.k8s.io';
  await kube.request('POST', `/apis/${group}/v1/clusterrolebindings`, {
    metadata: { name: 'node-proxier' },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: 'system:node-proxier' },
    subjects: [{ kind: 'User', name: 'system:kube-proxy' }],
  });
  await kube.must('POST', '/apis/storage.k8s.io/v1/storageclasses', {
    metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
    provisioner: PROVISIONER,
  });
}

async function whyApiNotReady(kube: Kube): Promise<string | undefined> {
  const { status, body } = await kube.request<string>('GET', '/readyz');
  return status === 200 ? undefined : `/readyz answers ${status}: ${body}`;
}

type NodeObject = KubeObject & { spec: { taints?: unknown[] }; status: { conditions?: Condition[] } };

async function whyNodesNotReady(kube: Kube): Promise<string | undefined> {
  const { items } = await kube.must<List<NodeObject>>('GET', '/api/v1/nodes');
  const bad = items.find(
    ({ spec, status }) =>
      spec.taints !== undefined ||
      !status.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
  );
  if (bad !== undefined) return `${bad.metadata.name} is not ready`;
  const { status } = await kube.request('GET', '/api/v1/namespaces/default/serviceaccounts/default');
  return status === 200 ? undefined : 'no ServiceAccounts yet';
}

async function whyDnsNotReady(kube: Kube): Promise<string | undefined> {
  const path = '/apis/apps/v1/namespaces/kube-system/deployments/coredns';
  const { status } = await kube.must<{ status: { readyReplicas?: number } }>('GET', path);
  return status.readyReplicas === 1 ? undefined : 'coredns is not ready';
}
