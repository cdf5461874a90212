import { beforeAll, expect, test } from 'vitest';
import type { PodObject } from '../api/pod-spec.ts';
import type { Cluster, Manifest } from '../client/cluster.ts';
import { API_IP } from '../node/addresses.ts';
import { describeOnCluster, ownNamespace } from '../use-cluster.ts';
import { pod, server, shell } from './manifests.ts';
import { patiently } from './patiently.ts';

const all = {};
const only = (app: string) => ({ matchLabels: { app } });
const dns = {
  to: [{ namespaceSelector: all, podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } } }],
  ports: [{ port: 53, protocol: 'UDP' }],
};

describeOnCluster('NetworkPolicies of the test cluster', (on) => {
  let abroad: Cluster;
  let ip: string;

  beforeAll(async () => {
    const { cluster } = on;
    const second = server({
      ...{ name: 'd', readinessProbe: undefined, env: [{ name: 'PORT', value: '9090' }] },
      ports: [{ name: 'admin', containerPort: 9090 }],
    });
    await cluster.create(pod('srv', { containers: [server(), second] }));
    for (const name of ['friend', 'stranger']) await cluster.create(pod(name, { containers: [shell()] }));
    abroad = await ownNamespace(cluster, { team: 'abroad' });
    await abroad.create(pod('visitor', { containers: [shell()] }));
    ip = (await cluster.ready<PodObject>('Pod', 'srv')).status.podIP ?? '';
    for (const name of ['friend', 'stranger']) await cluster.ready('Pod', name);
    await abroad.ready('Pod', 'visitor');
    return () => abroad.remove('Namespace', abroad.namespace);
  });

  /** Replaces all policies of the namespace, and waits until exactly these pods get in at the port. */
  const opens = async (policies: Manifest[], port: number, getIn: string[]) => {
    const { cluster } = on;
    for (const { metadata } of await cluster.list('NetworkPolicy'))
      await cluster.remove('NetworkPolicy', metadata.name);
    for (const policy of policies) await cluster.create(policy);
    const clients: [string, Cluster][] = [
      ['friend', cluster],
      ['stranger', cluster],
      ['visitor', abroad],
    ];
    await patiently(async () => {
      const open = await Promise.all(
        clients.map(async ([name, where]) => ((await reaches(where, name, ip, port)) ? [name] : [])),
      );
      return open.flat().join() === getIn.join() ? undefined : `${open.flat().join()} get in`;
    });
  };

  test('let everybody in without any', async () => {
    await opens([], 8080, ['friend', 'stranger', 'visitor']);
  });

  test('that deny all let nobody in but the node’s probes', async () => {
    await opens([policy('deny', { podSelector: all, policyTypes: ['Ingress'] })], 8080, []);
    const { cluster } = on;
    const before = (await cluster.get<PodObject>('Pod', 'srv')).metadata.resourceVersion;
    await cluster.create(pod('late', { containers: [server()] }));
    // It was isolated from its first packet on: its probes alone make it ready.
    await cluster.ready('Pod', 'late');
    expect((await cluster.get<PodObject>('Pod', 'srv')).metadata.resourceVersion).toBe(before);
  });

  test('open by label and name of a port, for that port only', async () => {
    const policies = [ingress([{ podSelector: only('friend') }], [{ port: 'http' }])];
    await opens(policies, 8080, ['friend']);
    await opens(policies, 9090, []);
  });

  test('follow a label that changes', async () => {
    await opens([ingress([{ podSelector: { matchLabels: { pass: 'yes' } } }])], 8080, []);
    await on.cluster.patch('Pod', 'stranger', { metadata: { labels: { pass: 'yes' } } });
    await patiently(async () => ((await reaches(on.cluster, 'stranger', ip, 8080)) ? undefined : 'it is not let in'));
    await on.cluster.patch('Pod', 'stranger', { metadata: { labels: { pass: null } } });
  });

  test('open by namespace and by a range of ports', async () => {
    const policies = [
      ingress([{ namespaceSelector: { matchLabels: { team: 'abroad' } } }], [{ port: 9000, endPort: 9999 }]),
    ];
    await opens(policies, 9090, ['visitor']);
    await opens(policies, 8080, []);
  });

  test('open a block of addresses with exceptions', async () => {
    const { status } = await on.cluster.get<PodObject>('Pod', 'friend');
    const ipBlock = { cidr: '10.128.0.0/16', except: [`${status.podIP}/32`] };
    await opens([ingress([{ ipBlock }])], 8080, ['stranger', 'visitor']);
  });

  test('that deny egress hold a pod back from pods, names and the API server', async () => {
    await opens([policy('egress', { podSelector: only('friend'), policyTypes: ['Egress'] })], 8080, [
      'stranger',
      'visitor',
    ]);
    expect(await reaches(on.cluster, 'friend', API_IP, 443)).toBe(false);
    expect(await reaches(on.cluster, 'stranger', API_IP, 443)).toBe(true);
    expect(await resolves(on.cluster, 'friend')).toBe(false);
    expect(await resolves(on.cluster, 'stranger')).toBe(true);
  });

  test('open egress to a named port and to DNS, and nothing else', async () => {
    const egress = [{ to: [{ podSelector: only('srv') }], ports: [{ port: 'admin' }] }, dns];
    const policies = [policy('egress', { podSelector: only('friend'), policyTypes: ['Egress'], egress })];
    await opens(policies, 9090, ['friend', 'stranger', 'visitor']);
    await opens(policies, 8080, ['stranger', 'visitor']);
    expect(await resolves(on.cluster, 'friend')).toBe(true);
  });
});

function policy(name: string, spec: object): Manifest {
  return { kind: 'NetworkPolicy', metadata: { name }, spec };
}

/** To the server: from these, at these ports. */
function ingress(from: object[], ports?: object[]): Manifest {
  const rule = ports === undefined ? { from } : { from, ports };
  return policy('allow', { podSelector: only('srv'), policyTypes: ['Ingress'], ingress: [rule] });
}

/** Whether a connection is made within 2 s: an open one takes a millisecond, and whoever asks, asks again. */
async function reaches(cluster: Cluster, from: string, ip: string, port: number): Promise<boolean> {
  const line = `timeout 2 bash -c '</dev/tcp/${ip}/${port}'`;
  return (await cluster.exec(from, line)).code === 0;
}

async function resolves(cluster: Cluster, from: string): Promise<boolean> {
  const line = 'timeout 5 getent hosts kubernetes.default.svc.cluster.local';
  return (await cluster.exec(from, line)).code === 0;
}
