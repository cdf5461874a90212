import { expect, onTestFinished, test } from 'vitest';
import type { Condition, KubeObject, Secret } from '#test/cluster/api/objects.ts';
import type { PodObject } from '#test/cluster/api/pod-spec.ts';
import type { Cluster, Manifest } from '#test/cluster/client/cluster.ts';
import { describeOnCluster, ownNamespace } from '#test/cluster/use-cluster.ts';
import { eventually } from '#test/eventually.ts';
import { bootstrapObjects } from '../../cdk8s/bootstrap/bootstrap.fixture.ts';
import type { PlatformProps } from '../../cdk8s/platform-props.ts';

type Job = KubeObject & { status?: { conditions?: Condition[] } };

const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
const made = [
  ...['sonixy-internal', 'sonixy-hub-ids', 'rabbitmq-passwords', 'rabbitmq-publisher', 'mongodb-passwords'],
  ...['redis-passwords', 'sonixy-ca', 'rabbitmq-tls', 'mongodb-tls', 'redis-tls'],
].sort();

describeOnCluster(
  'what is rendered for the bootstrap, in pods of a restricted namespace',
  (on) => {
    test('waits for its rights, with a reason, and then makes Secrets and certificates', async () => {
      const { cluster } = on;
      const objects = objectsOf(cluster);
      const rights = objects.filter(({ kind }) => kind === 'Role' || kind === 'RoleBinding');
      for (const object of objects) if (!rights.includes(object)) await cluster.apply(object as Manifest);
      const job = jobOf(cluster);
      await says(
        cluster,
        'secrets',
        /"reason":"GET .*configmaps\/sonixy-made-secrets: 403 .*waiting for the Kubernetes API/,
      );
      await says(cluster, 'certificates', /"reason":"GET .*secrets\/sonixy-ca: 403 .*waiting for the Kubernetes API/);
      for (const object of rights) await cluster.apply(object as Manifest);
      await cluster.ready('Job', job);
      expect(await secretNames(cluster)).toEqual(made);
    });

    test('an apply of the same changes nothing', async () => {
      const { cluster } = on;
      const objects = objectsOf(cluster);
      const before = await versions(cluster, objects);
      for (const object of objects) await cluster.apply(object as Manifest);
      expect(await versions(cluster, objects)).toEqual(before);
    });

    test('the CronJob runs, and finds nothing to do', async () => {
      const { cluster } = on;
      const before = await cluster.list<Secret>('Secret');
      await cluster.kubectl('create', 'job', '--from=cronjob/certificates', 'certificates-now');
      await cluster.ready('Job', 'certificates-now');
      expect(await cluster.list<Secret>('Secret')).toEqual(before);
    });

    test('another Job of a later release finds all there, beside the first one', async () => {
      const { cluster } = on;
      const before = await cluster.list<Secret>('Secret');
      const later = objectsOf(cluster, { logLevel: 'debug' });
      for (const object of later) await cluster.apply(object as Manifest);
      const job = later.find(({ kind }) => kind === 'Job')?.metadata.name ?? '';
      expect(job).not.toBe(jobOf(cluster));
      await cluster.ready('Job', job);
      expect(await cluster.list<Secret>('Secret')).toEqual(before);
    });

    test('what it can not do it tries again, and ends by itself once that is mended', async () => {
      const cluster = await ownNamespace(on.cluster, restricted);
      onTestFinished(() => cluster.remove('Namespace', cluster.namespace));
      const lacking = {
        kind: 'Secret',
        metadata: { name: 'rabbitmq-publisher' },
        stringData: { username: 'publisher' },
      };
      await cluster.create(lacking);
      for (const object of objectsOf(cluster)) await cluster.apply(object as Manifest);
      const job = jobOf(cluster);
      await fails(cluster, 'secrets', /Secret rabbitmq-publisher lacks password: add them/);
      expect((await cluster.get<Job>('Job', job)).status?.conditions ?? []).toEqual([]);
      await cluster.patch('Secret', 'rabbitmq-publisher', { stringData: { password: 'theirs' } });
      await cluster.ready('Job', job);
      expect(await secretNames(cluster)).toEqual(made);
    });
  },
  restricted,
);

/** The CronJob does not run by itself in a test. */
function objectsOf({ namespace }: Cluster, props: Partial<PlatformProps> = {}) {
  return bootstrapObjects(namespace, { certificates: { schedule: '0 0 1 1 *' }, ...props });
}

function jobOf(cluster: Cluster): string {
  return objectsOf(cluster).find(({ kind }) => kind === 'Job')?.metadata.name ?? '';
}

async function secretNames(cluster: Cluster): Promise<string[]> {
  return (await cluster.list<Secret>('Secret')).map(({ metadata }) => metadata.name).sort();
}

async function versions(cluster: Cluster, objects: readonly KubeObject[]): Promise<(string | undefined)[]> {
  const live = objects.map(({ kind = '', metadata }) => cluster.get<KubeObject>(kind, metadata.name));
  return (await Promise.all(live)).map(({ metadata }) => metadata.resourceVersion);
}

/** It has ended with these words, and was started again. */
async function fails(cluster: Cluster, container: string, words: RegExp): Promise<void> {
  const check = async () => {
    const [pod] = await cluster.list<PodObject>('Pod', 'app.kubernetes.io/name=bootstrap');
    const status = pod?.status.containerStatuses?.find(({ name }) => name === container);
    const last = status?.lastState?.terminated?.message ?? '';
    return words.test(last) ? undefined : `it is ${JSON.stringify(status)}`;
  };
  await eventually(check, { timeoutMs: 60_000, everyMs: 200 });
}

async function says(cluster: Cluster, container: string, text: RegExp): Promise<void> {
  const check = async () => {
    const [pod] = await cluster.list<PodObject>('Pod', 'app.kubernetes.io/name=bootstrap');
    if (!pod) return 'there is no pod yet';
    const log = await cluster.log(pod.metadata.name, { container });
    return text.test(log) ? undefined : `it says ${log}`;
  };
  await eventually(check, { timeoutMs: 60_000, everyMs: 200 });
}
