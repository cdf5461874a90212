import { expect, test } from 'vitest';
import type { PodObject } from '../api/pod-spec.ts';
import type { Cluster, Manifest } from '../client/cluster.ts';
import { whyPodNotReady } from '../client/conditions.ts';
import { describeOnCluster } from '../use-cluster.ts';
import { server } from './manifests.ts';
import { patiently } from './patiently.ts';

describeOnCluster('StatefulSets of the test cluster', (on) => {
  test('their pods have names of their own, of which the Service gives addresses and ports', async () => {
    const { cluster } = on;
    await makeSet(cluster, 'names');
    const domain = `names.${cluster.namespace}.svc.cluster.local`;
    await eventuallySays(cluster, 'names-1', `curl -s -m 5 http://names-0.${domain}:8080/`, 'names-0');
    await eventuallySays(cluster, 'names-0', 'getent ahostsv4 names | grep -c STREAM', '2');
    const lookUp = `require("dns").resolveSrv("_http._tcp.${domain}",(e,r)=>console.log(e?e.code:r.map(x=>x.name+":"+x.port).sort().join()))`;
    await eventuallySays(cluster, 'names-0', `node -e '${lookUp}'`, `names-0.${domain}:8080,names-1.${domain}:8080`);
    const { out } = await cluster.exec('names-0', 'hostname -f');
    expect(out.trim()).toBe(`names-0.${domain}`);
  });

  test('a claim outlives its pod, which comes back under its name with another address', async () => {
    const { cluster } = on;
    await makeSet(cluster, 'kept');
    await cluster.exec('kept-0', 'echo kept >/data/file');
    const before = await cluster.get<PodObject>('Pod', 'kept-0');
    await cluster.remove('Pod', 'kept-0');
    const after = await cluster.becomes<PodObject>('Pod', 'kept-0', (pod) =>
      pod.metadata.uid === before.metadata.uid ? 'it is still the old one' : whyPodNotReady(pod),
    );
    expect(after.status.podIP).not.toBe(before.status.podIP);
    const { out } = await cluster.exec('kept-0', 'cat /data/file; stat -c %u:%g /data/file');
    expect(out).toBe('kept\n1000:2000\n');
    await eventuallySays(cluster, 'kept-1', 'curl -s -m 5 http://kept-0.kept:8080/', 'kept-0');
  });
});

async function makeSet(cluster: Cluster, name: string): Promise<void> {
  const ports = [{ name: 'http', port: 8080 }];
  await cluster.create({
    kind: 'Service',
    metadata: { name },
    spec: { clusterIP: 'None', selector: { app: name }, ports },
  });
  await cluster.create(statefulSet(name));
  await cluster.ready('StatefulSet', name);
}

function statefulSet(name: string): Manifest {
  return {
    kind: 'StatefulSet',
    metadata: { name },
    spec: {
      serviceName: name,
      replicas: 2,
      podManagementPolicy: 'Parallel',
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          terminationGracePeriodSeconds: 5,
          securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 2000 },
          containers: [server({ volumeMounts: [{ name: 'data', mountPath: '/data' }] })],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: 'data' },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
        },
      ],
    },
  };
}

async function eventuallySays(cluster: Cluster, pod: string, line: string, wanted: string): Promise<void> {
  await patiently(async () => {
    const { out, err } = await cluster.exec(pod, line);
    return out.trim() === wanted ? undefined : `it says ${out} ${err}`;
  });
}
