import { expect, test } from 'vitest';
import type { PodObject } from '../api/pod-spec.ts';
import type { Cluster } from '../client/cluster.ts';
import type { LoadCounts } from '../images/test-server.ts';
import { describeOnCluster } from '../use-cluster.ts';
import { deployment, keptLog, pod, server, service } from './manifests.ts';
import { patiently } from './patiently.ts';

const preStop = { lifecycle: { preStop: { sleep: { seconds: 5 } } } };
const rude = { env: [{ name: 'RUDE', value: '1' }] };
const surge = { strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } };

describeOnCluster('rollouts on the test cluster', (on) => {
  test('under traffic fail no request when pods leave the Service before they end', async () => {
    const counts = await rollUnderTraffic(on.cluster, 'polite', preStop);
    expect(counts.errors).toEqual({});
    expect(counts.ok).toBeGreaterThan(0);
    expect(Object.keys(counts.pods)).toHaveLength(4);
  });

  test('fail some when pods end at once', async () => {
    const counts = await rollUnderTraffic(on.cluster, 'rude', rude);
    expect(counts.failed).toBeGreaterThan(0);
    expect(counts.ok).toBeGreaterThan(0);
  });
});

/** What a client saw before, during and after. */
async function rollUnderTraffic(cluster: Cluster, name: string, container: object): Promise<LoadCounts> {
  await cluster.create(deployment(name, 2, server(container), surge));
  await cluster.create(service(name));
  await cluster.ready('Deployment', name);
  await using web = await cluster.forward(`${name}.${cluster.namespace}.svc`, 80);
  const answeredBy = (pods: readonly string[]) => {
    const seen = new Set<string>();
    return patiently(async () => {
      seen.add(await (await fetch(web.url, { headers: { connection: 'close' } })).text());
      return pods.every((each) => seen.has(each)) ? undefined : `answered by ${[...seen].join(' ')} only`;
    });
  };
  const names = async () => (await cluster.list<PodObject>('Pod', `app=${name}`)).map(({ metadata }) => metadata.name);
  const old = await names();
  await answeredBy(old);

  const loader = await startLoad(cluster, name);
  await patchTemplate(cluster, name);
  await cluster.ready('Deployment', name);
  await patiently(async () => ((await names()).some((each) => old.includes(each)) ? 'old pods are there' : undefined));
  // The load has met each of them by then.
  await answeredBy(await names());
  await cluster.remove('Pod', loader.metadata.name);
  await cluster.gone('Pod', loader.metadata.name);
  return JSON.parse(keptLog(cluster, loader, 'c')) as LoadCounts;
}

async function startLoad(cluster: Cluster, name: string): Promise<PodObject> {
  const url = `http://${name}/`;
  const container = { name: 'c', image: 'test/server', args: ['load', url], env: [{ name: 'NO_COLOR', value: '1' }] };
  await cluster.create(pod(`load-${name}`, { terminationGracePeriodSeconds: 30, containers: [container] }));
  return cluster.ready<PodObject>('Pod', `load-${name}`);
}

async function patchTemplate(cluster: Cluster, name: string): Promise<void> {
  await cluster.patch('Deployment', name, { spec: { template: { metadata: { annotations: { turn: '2' } } } } });
}
