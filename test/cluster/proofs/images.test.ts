import { MongoClient } from 'mongodb';
import { expect, test } from 'vitest';
import type { Cluster, Manifest } from '../client/cluster.ts';
import { IMAGE_PREFIX } from '../images/table.ts';
import { describeOnCluster } from '../use-cluster.ts';
import { pod, script } from './manifests.ts';
import { patiently } from './patiently.ts';

const restricted = {
  ...{ readOnlyRootFilesystem: true, allowPrivilegeEscalation: false, runAsNonRoot: true },
  capabilities: { drop: ['ALL'] },
};
const BROKER_START_MS = 240_000;

describeOnCluster('images of the test cluster', (on) => {
  test('a service of ours runs as its image would, under a read-only root', async () => {
    const { cluster } = on;
    const env = { JWT_HS256_SECRET: 'x'.repeat(64), NOTIFICATION_URL: 'http://notification:8094' };
    const container = {
      ...{ name: 'gateway', image: `${IMAGE_PREFIX}gateway:0.1.0`, securityContext: restricted },
      env: Object.entries(env).map(([name, value]) => ({ name, value })),
      readinessProbe: { httpGet: { path: '/livez', port: 9100 }, periodSeconds: 1, timeoutSeconds: 5 },
    };
    await cluster.create(pod('gateway', { enableServiceLinks: false, containers: [container] }));
    await cluster.ready('Pod', 'gateway');
    const { out } = await cluster.exec('gateway', 'id -u; pwd; tr "\\0" " " </proc/1/cmdline');
    expect(out).toBe('10001\n/app\nnode services/gateway/main.ts ');
  });

  test('Redis takes the rules of a later version, and holds its users to them', async () => {
    const { cluster } = on;
    const files = {
      'redis.conf': 'save ""\naclfile /etc/redis/users.acl\n',
      'users.acl': 'user default off\nuser reader on >secret ~open:* +get +ping +client|setinfo\n',
    };
    await cluster.create({ kind: 'ConfigMap', metadata: { name: 'redis' }, data: files });
    const container = {
      ...{ name: 'redis', image: 'docker.io/library/redis:8.2.3', securityContext: restricted },
      args: ['redis-server', '/etc/redis/redis.conf'],
      volumeMounts: [{ name: 'config', mountPath: '/etc/redis' }],
      readinessProbe: { tcpSocket: { port: 6379 }, periodSeconds: 1 },
    };
    await cluster.create(
      pod('redis', { volumes: [{ name: 'config', configMap: { name: 'redis' } }], containers: [container] }),
    );
    await cluster.ready('Pod', 'redis');
    const say = async (...words: string[]) =>
      (
        await cluster.exec('redis', [
          'redis-cli',
          '--no-auth-warning',
          '--user',
          'reader',
          '--pass',
          'secret',
          ...words,
        ])
      ).out;
    expect(await say('ping')).toBe('PONG\n');
    expect(await say('get', 'closed:x')).toContain('NOPERM');
    expect((await cluster.exec('redis', 'redis-cli ping')).out).toContain('NOAUTH');
  });

  test('mongod takes its own options, and becomes a primary when it is told to', async () => {
    const { cluster } = on;
    const container = {
      ...{ name: 'mongod', image: 'docker.io/library/mongo:8.0.26', securityContext: restricted },
      args: ['--replSet', 'rs0', '--bind_ip_all', '--wiredTigerCacheSizeGB', '0.25'],
      volumeMounts: [{ name: 'data', mountPath: '/data/db' }],
      readinessProbe: { tcpSocket: { port: 27_017 }, periodSeconds: 1 },
    };
    await cluster.create(pod('mongo', { volumes: [{ name: 'data', emptyDir: {} }], containers: [container] }));
    const { status } = await cluster.ready<{ metadata: { name: string }; status: { podIP: string } }>('Pod', 'mongo');
    await using port = await cluster.forward(status.podIP, 27_017);
    await using client = new MongoClient(`mongodb://127.0.0.1:${port.port}/?directConnection=true`);
    const members = [{ _id: 0, host: `${status.podIP}:27017` }];
    await client.db('admin').command({ replSetInitiate: { _id: 'rs0', members } });
    await patiently(async () => {
      const { isWritablePrimary } = await client.db('admin').command({ hello: 1 });
      return isWritablePrimary ? undefined : 'it is no primary yet';
    });
    await client.db('test').collection('rows').insertOne({ a: 1 });
    expect(await client.db('test').collection('rows').countDocuments()).toBe(1);
  });

  test('RabbitMQ takes the settings of 4.x, and its nodes find each other', async () => {
    const { cluster } = on;
    for (const object of brokers(cluster)) await cluster.create(object);
    await cluster.ready('StatefulSet', 'rabbitmq', { timeoutMs: BROKER_START_MS });
    await patiently(async () => {
      const { out } = await cluster.exec('rabbitmq-1', ['rabbitmqctl', 'cluster_status', '--formatter', 'json']);
      const { running_nodes: running } = JSON.parse(out) as { running_nodes: string[] };
      return running.length === 2 ? undefined : `it sees ${running.join()}`;
    });
  });
});

/** Two brokers with keys that only 4.x knows. */
function brokers(cluster: Cluster): Manifest[] {
  const conf = `cluster_formation.peer_discovery_backend = k8s
default_queue_type = quorum
deprecated_features.permit.global_qos = false
vm_memory_high_watermark.absolute = 512MiB
disk_free_limit.absolute = 50MB
log.console = true
`;
  const labels = { app: 'rabbitmq' };
  const container = {
    ...{ name: 'rabbitmq', image: 'rabbitmq:4.3.5-management', securityContext: restricted },
    env: [
      { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'RABBITMQ_NODENAME', value: `rabbit@$(POD_NAME).rabbitmq.${cluster.namespace}.svc.cluster.local` },
      { name: 'RABBITMQ_USE_LONGNAME', value: 'true' },
    ],
    volumeMounts: [
      { name: 'config', mountPath: '/etc/rabbitmq' },
      { name: 'home', mountPath: '/var/lib/rabbitmq' },
    ],
    readinessProbe: { tcpSocket: { port: 5672 }, periodSeconds: 2 },
  };
  // A Secret's file cannot be 0400 under an fsGroup, which Erlang insists on.
  const cookie = script('umask 377; printf %s of-this-test >/var/lib/rabbitmq/.erlang.cookie', {
    ...{ name: 'cookie', securityContext: { ...restricted, runAsUser: 999 } },
    volumeMounts: [{ name: 'home', mountPath: '/var/lib/rabbitmq' }],
  });
  const data = { 'rabbitmq.conf': conf, enabled_plugins: '[rabbitmq_peer_discovery_k8s].\n' };
  return [
    { kind: 'ConfigMap', metadata: { name: 'rabbitmq' }, data },
    {
      kind: 'Service',
      metadata: { name: 'rabbitmq' },
      spec: {
        clusterIP: 'None',
        publishNotReadyAddresses: true,
        selector: labels,
        ports: [{ name: 'amqp', port: 5672 }],
      },
    },
    {
      kind: 'StatefulSet',
      metadata: { name: 'rabbitmq' },
      spec: {
        ...{ serviceName: 'rabbitmq', replicas: 2, podManagementPolicy: 'Parallel', selector: { matchLabels: labels } },
        template: {
          metadata: { labels },
          spec: {
            ...{ enableServiceLinks: false, terminationGracePeriodSeconds: 5 },
            securityContext: { fsGroup: 999 },
            initContainers: [cookie],
            containers: [container],
            volumes: [
              { name: 'config', configMap: { name: 'rabbitmq' } },
              { name: 'home', emptyDir: {} },
            ],
          },
        },
      },
    },
  ];
}
