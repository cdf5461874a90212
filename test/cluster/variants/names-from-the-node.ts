import type { ConfigMap, KubeObject } from '../api/objects.ts';
import type { Cluster } from '../client/cluster.ts';
import { NODE_IP } from '../node/addresses.ts';
import { patiently } from '../proofs/patiently.ts';

/** Both ports that name servers are found on: OpenShift's listen on 5353. */
const ports = [53, 5353];

/**
 * Moves the cluster's name server to the network of a node, as node-local caches are: for a NetworkPolicy it is no pod
 * any more, but an address.
 */
export async function serveNamesFromTheNode(cluster: Cluster): Promise<void> {
  const system = cluster.in('kube-system');
  const { data } = await system.get<ConfigMap>('ConfigMap', 'coredns');
  const zones = (data?.['Corefile'] ?? '').replace(/(\S+):53\b/g, (_, zone) =>
    ports.map((port) => `${zone}:${port}`).join(' '),
  );
  await system.patch('ConfigMap', 'coredns', { data: { Corefile: zones } });
  // On the node, port 53 is a privileged one.
  const securityContext = { runAsUser: 0, runAsGroup: 0, capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } };
  const container = { name: 'coredns', securityContext };
  const spec = { hostNetwork: true, containers: [container] };
  await system.patch('Deployment', 'coredns', { spec: { template: { spec } } });
  await system.ready('Deployment', 'coredns');
  await patiently(async () => {
    const slices = await system.list<Slice>('EndpointSlice', 'kubernetes.io/service-name=kube-dns');
    const addresses = slices.flatMap(({ endpoints }) => endpoints.flatMap((each) => each.addresses));
    return addresses.join() === NODE_IP ? undefined : `names are at ${addresses.join()}`;
  });
}

type Slice = KubeObject & { endpoints: { addresses: string[] }[] };

/** Whether a pod of ours is told an address by the cluster's resolver, and by the name server on each of its ports. */
export async function resolves(cluster: Cluster, podName: string, name: string): Promise<boolean[]> {
  const program = `
    import { lookup, Resolver } from 'node:dns/promises';
    import { setTimeout } from 'node:timers/promises';
    // The system's resolver would try for longer than a minute.
    const answered = (asked) => Promise.race([asked.then(() => true, () => false), setTimeout(4000, false)]);
    const by = (port) => {
      const resolver = new Resolver({ timeout: 1000, tries: 4 });
      resolver.setServers(['${NODE_IP}:' + port]);
      return resolver.resolve4('${name}');
    };
    const all = [lookup('${name}'), ...${JSON.stringify(ports)}.map(by)];
    console.log(JSON.stringify(await Promise.all(all.map(answered))));
    process.exit(0);`;
  const { out, err } = await cluster.exec(podName, ['node', '--input-type=module', '--eval', program]);
  if (out === '') throw new Error(err);
  return JSON.parse(out) as boolean[];
}
