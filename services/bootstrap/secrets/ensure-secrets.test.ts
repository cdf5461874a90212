import { expect, test } from 'vitest';
import { madeSecrets, type SecretName, secrets } from '#shared/contract/secrets.ts';
import type { Secret } from '#test/cluster/api/objects.ts';
import type { Cluster } from '#test/cluster/client/cluster.ts';
import { describeOnCluster } from '#test/cluster/use-cluster.ts';
import { eventually } from '#test/eventually.ts';
import { installedNamespace, runBootstrap, settingsOf } from '../on-cluster.fixture.ts';

const names: readonly SecretName[] = Object.values(secrets).map(({ name }) => name);

describeOnCluster('the secrets command, as its account, on a real API server', (on) => {
  test('makes all that are missing, and a second run changes nothing', async () => {
    const cluster = await installedNamespace(on.cluster);
    const env = await settingsOf(cluster, 'bootstrap');
    expect(await runBootstrap('secrets', env)).toMatchObject({ code: 0 });
    const made = await contents(cluster);
    expect(Object.keys(made).sort()).toEqual([...names].sort());
    for (const { name, keys } of Object.values(secrets)) {
      expect(Object.keys(made[name]?.data ?? {}).sort()).toEqual(Object.values(keys).sort());
    }
    expect(await runBootstrap('secrets', env)).toMatchObject({ code: 0 });
    expect(await contents(cluster)).toEqual(made);
  });

  test('leaves what a person made as it is', async () => {
    const cluster = await installedNamespace(on.cluster);
    await cluster.create<Secret>({
      kind: 'Secret',
      metadata: { name: 'sonixy-internal' },
      stringData: { 'internal-secret': 'chosen by hand', more: 'of no concern' },
    });
    const { 'sonixy-internal': before } = await contents(cluster);
    expect(await runBootstrap('secrets', await settingsOf(cluster, 'bootstrap'))).toMatchObject({ code: 0 });
    const after = await contents(cluster);
    expect(after['sonixy-internal']).toEqual(before);
    expect(Object.keys(after)).toHaveLength(names.length);
  });

  test('run three times at once makes each Secret once', async () => {
    const cluster = await installedNamespace(on.cluster);
    const env = await settingsOf(cluster, 'bootstrap');
    const ended = await Promise.all([1, 2, 3].map(() => runBootstrap('secrets', env)));
    expect(ended.map(({ code }) => code)).toEqual([0, 0, 0]);
    const made = ended.flatMap(({ output }) => [...output.matchAll(/"secret":"([^"]+)","msg":"made a Secret"/g)]);
    expect(made.map(([, name]) => name).sort()).toEqual([...names].sort());
    expect(Object.keys(await contents(cluster)).sort()).toEqual([...names].sort());
  });

  test('says which key an existing Secret lacks, and makes the others all the same', async () => {
    const cluster = await installedNamespace(on.cluster);
    await cluster.create<Secret>({
      kind: 'Secret',
      metadata: { name: 'redis-passwords' },
      stringData: { gateway: 'g', notification: 'n', chat: 'c', hub: '' },
    });
    const ended = await runBootstrap('secrets', await settingsOf(cluster, 'bootstrap'));
    expect(ended.code).toBe(1);
    expect(ended.output).toContain('Secret redis-passwords lacks hub, admin: add them');
    expect(Object.keys(await contents(cluster))).toHaveLength(names.length);
  });

  test('an install whose claims come before its Secrets gets them', async () => {
    const cluster = await installedNamespace(on.cluster);
    await createStore(cluster);
    await cluster.becomes('PersistentVolumeClaim', 'data-mongodb-0', () => undefined);
    expect(await runBootstrap('secrets', await settingsOf(cluster, 'bootstrap'))).toMatchObject({ code: 0 });
    expect(Object.keys(await contents(cluster))).toContain('mongodb-passwords');
  });

  test('does not make anew what the data of a store knows, until somebody gives the data up', async () => {
    const cluster = await installedNamespace(on.cluster);
    const env = await settingsOf(cluster, 'bootstrap');
    await createStore(cluster);
    await cluster.becomes('PersistentVolumeClaim', 'data-mongodb-0', () => undefined);
    expect(await runBootstrap('secrets', env)).toMatchObject({ code: 0 });
    await cluster.remove('Secret', 'mongodb-passwords');
    await cluster.remove('Secret', 'sonixy-hub-ids');

    const refused = await runBootstrap('secrets', env);
    expect(refused.code).toBe(1);
    expect(refused.output).toContain(
      'bootstrap secrets: Secret mongodb-passwords is gone, and the data of data-mongodb-0 knows',
    );
    expect(Object.keys(await contents(cluster))).toContain('sonixy-hub-ids');
    expect(Object.keys(await contents(cluster))).not.toContain('mongodb-passwords');

    // What the message says.
    const [, advised = ''] = /kubectl delete ([^.]+)\./.exec(refused.output) ?? [];
    await cluster.kubectl('delete', ...advised.split(' '));
    await createStore(cluster);
    await cluster.becomes('PersistentVolumeClaim', 'data-mongodb-0', () => undefined);
    expect(await runBootstrap('secrets', env)).toMatchObject({ code: 0 });
    expect(Object.keys(await contents(cluster))).toContain('mongodb-passwords');
  });

  test('a Secret that is restored ends the refusal', async () => {
    const cluster = await installedNamespace(on.cluster);
    const env = await settingsOf(cluster, 'bootstrap');
    await createClaim(cluster, 'data-rabbitmq-1');
    const refused = await runBootstrap('secrets', env);
    expect(refused.code).toBe(1);
    expect(refused.output).toContain('Secret rabbitmq-passwords is gone, and the data of data-rabbitmq-1 knows');
    const keys = Object.values(secrets.rabbitmq.keys);
    await cluster.create<Secret>({
      kind: 'Secret',
      metadata: { name: 'rabbitmq-passwords' },
      stringData: Object.fromEntries(keys.map((key) => [key, `restored ${key}`])),
    });
    expect(await runBootstrap('secrets', env)).toMatchObject({ code: 0 });
  });

  test('does not lock out claims that were restored before the install', async () => {
    const cluster = await installedNamespace(on.cluster);
    const { metadata } = await createClaim(cluster, 'data-mongodb-0');
    const age = () => Date.now() - Date.parse(metadata.creationTimestamp ?? '');
    await eventually(() => (age() > 8_000 ? undefined : `the claim is ${age()} ms old`));
    await createStore(cluster);
    const refused = await runBootstrap('secrets', await settingsOf(cluster, 'bootstrap'));
    expect(refused.code).toBe(1);
    expect(refused.output).toContain('the data of data-mongodb-0 knows');
  });

  test('may read and change what it is for, and nothing else', async () => {
    const cluster = await installedNamespace(on.cluster);
    const may = (verb: string, resource: string, name = '') => mayDo(cluster, 'bootstrap', { verb, resource, name });
    for (const name of names) {
      expect(await may('get', 'secrets', name)).toBe(true);
      for (const verb of ['patch', 'update', 'delete']) expect(await may(verb, 'secrets', name)).toBe(false);
    }
    expect(await may('create', 'secrets')).toBe(true);
    for (const verb of ['get', 'list', 'watch', 'deletecollection']) expect(await may(verb, 'secrets')).toBe(false);
    expect(await may('get', 'secrets', 'sonixy-tokens')).toBe(false);
    expect(await may('get', 'persistentvolumeclaims', 'data-mongodb-0')).toBe(true);
    expect(await may('delete', 'persistentvolumeclaims', 'data-mongodb-0')).toBe(false);
    expect(await may('patch', 'configmaps', madeSecrets)).toBe(true);
    expect(await may('patch', 'configmaps', 'rabbitmq')).toBe(false);
    expect(await may('create', 'pods')).toBe(false);
  });
});

/** By name, without those that others make. */
async function contents(cluster: Cluster): Promise<Record<string, Secret>> {
  const all = await cluster.list<Secret>('Secret');
  const ours = all.filter(({ metadata }) => names.some((name) => name === metadata.name));
  return Object.fromEntries(ours.map((secret) => [secret.metadata.name, secret]));
}

/** A StatefulSet that makes its claim and whose pod waits, as a store's does, for a Secret that is not there. */
function createStore(cluster: Cluster) {
  const labels = { app: 'mongodb' };
  const env = [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'mongodb-passwords', key: 'admin' } } }];
  return cluster.create({
    kind: 'StatefulSet',
    metadata: { name: 'mongodb' },
    spec: {
      serviceName: 'mongodb',
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'mongodb', image: 'test/shell', env }] } },
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claimSpec }],
    },
  } as Parameters<Cluster['create']>[0]);
}

const claimSpec = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };

function createClaim(cluster: Cluster, name: string) {
  return cluster.create({
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: claimSpec,
  } as Parameters<Cluster['create']>[0]);
}

type Deed = { verb: string; resource: string; name: string };

/** What the API server's own authorizer says. */
async function mayDo(cluster: Cluster, account: string, { verb, resource, name }: Deed): Promise<boolean> {
  const { namespace } = cluster;
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'LocalSubjectAccessReview',
    metadata: { namespace },
    spec: {
      user: `system:serviceaccount:${namespace}:${account}`,
      resourceAttributes: { namespace, verb, resource, ...(name && { name }) },
    },
  };
  const path = `/apis/authorization.k8s.io/v1/namespaces/${namespace}/localsubjectaccessreviews`;
  return (await cluster.kube.must<{ status: { allowed: boolean } }>('POST', path, review)).status.allowed;
}
