import { expect, test } from 'vitest';
import type { Service } from '../api/objects.ts';
import type { PodObject } from '../api/pod-spec.ts';
import type { Cluster } from '../client/cluster.ts';
import { NODE_IP } from '../node/addresses.ts';
import { describeOnCluster } from '../use-cluster.ts';
import { deployment, pod, server, service, shell } from './manifests.ts';
import { patiently } from './patiently.ts';

describeOnCluster('Services of the test cluster', (on) => {
  test('a ClusterIP is reached by its names, and leads to every replica', async () => {
    const { cluster } = on;
    await makeWeb(cluster, 'web');
    await eventuallyAnsweredBy(cluster, 'client-web', 'http://web/', 2);
    await eventuallyAnsweredBy(cluster, 'client-web', `http://web.${cluster.namespace}.svc.cluster.local/`, 2);
  });

  test('a pod reaches its own Service, and itself through it', async () => {
    const { cluster } = on;
    await makeWeb(cluster, 'self');
    const [one] = await cluster.list<PodObject>('Pod', 'app=self');
    const name = one?.metadata.name ?? '';
    const answers = await eventuallyAnsweredBy(cluster, name, 'http://self/', 2);
    expect(answers).toContain(name);
  });

  test('a port that the Service lacks is refused, the one that it has is not', async () => {
    const { cluster } = on;
    await makeWeb(cluster, 'doors');
    await eventuallyAnsweredBy(cluster, 'client-doors', 'http://doors/', 1);
    const closed = await cluster.exec('client-doors', 'curl -s -m 20 http://doors:81/');
    expect(closed.code).toBe(7);
  });

  test('a NodePort is open on the node', async () => {
    const { cluster } = on;
    await makeWeb(cluster, 'port');
    const ports = [{ port: 80, targetPort: 8080 }];
    const made = await cluster.create<Service>({
      ...service('port-node', { type: 'NodePort', selector: { app: 'port' }, ports }),
    });
    const nodePort = made.spec.ports?.[0]?.nodePort;
    await eventuallyAnsweredBy(cluster, 'client-port', `http://${NODE_IP}:${nodePort}/`, 2);
  });

  test('a name of the cluster is reached from outside by a forwarded port, and another cannot be', async () => {
    const { cluster } = on;
    await makeWeb(cluster, 'far');
    await using far = await cluster.forward(`far.${cluster.namespace}.svc`, 80);
    await patiently(async () => {
      const text = await (await fetch(far.url)).text();
      return text.startsWith('far-') ? undefined : `it says ${text}`;
    });
    await using nowhere = await cluster.forward(`nobody.${cluster.namespace}.svc`, 80);
    await expect(fetch(nowhere.url)).rejects.toThrow('fetch failed');
  });
});

/** A Deployment of two with its Service, and a pod `client-NAME` beside it. */
async function makeWeb(cluster: Cluster, name: string): Promise<void> {
  await cluster.create(deployment(name, 2, server()));
  await cluster.create(service(name));
  await cluster.create(pod(`client-${name}`, { containers: [shell()] }));
  await cluster.ready('Deployment', name);
  await cluster.ready('Pod', `client-${name}`);
}

/** kube-proxy writes its rules once a second at most: a ready pod may get nothing yet. */
async function eventuallyAnsweredBy(cluster: Cluster, client: string, url: string, pods: number): Promise<string[]> {
  const seen = new Set<string>();
  await patiently(async () => {
    const { code, out } = await cluster.exec(client, ['curl', '-s', '-m', '5', url]);
    if (code === 0) seen.add(out);
    return seen.size === pods ? undefined : `curl: ${code}; answered by ${[...seen].join(' ')}`;
  });
  return [...seen];
}
