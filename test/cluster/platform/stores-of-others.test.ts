import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { type ChannelModel, connect } from 'amqplib';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { queues } from '#shared/contract/names.ts';
import { renderPlatform } from '../../../cdk8s/synth/render.ts';
import { describeWithServer } from '../../dev-env/with-server.ts';
import { eventually } from '../../eventually.ts';
import { likeEnvelope, userInteractionExchange } from '../../scenarios/publisher.ts';
import type { KubeObject, Secret } from '../api/objects.ts';
import type { PodObject } from '../api/pod-spec.ts';
import { Cluster, type Manifest } from '../client/cluster.ts';
import { type RunningCluster, startCluster } from '../start-cluster.ts';
import { ownNamespace } from '../use-cluster.ts';
import { later, nextImages, nextRegistry } from './their-stores/next-build.ts';
import {
  allowInVhost,
  applyTheirStores,
  passwordOf,
  platformOn,
  redisAs,
  takeSecrets,
  vhost,
} from './their-stores/their-stores.ts';

const timeoutMs = 300_000;
const tokenSecret = 'a secret of tests, of at least 32 bytes';
const services = ['gateway', 'notification', 'chat', 'hub'];

describeWithServer('cluster', 'a platform on stores of other people, in another namespace', () => {
  // The images of the next build are a cluster's own.
  let running: RunningCluster;
  let theirs: Cluster;
  let ours: Cluster;
  let objects: readonly KubeObject[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'sonixy-next-'));

  beforeAll(async () => {
    running = await startCluster({ nodes: ['node-0'], images: nextImages(folder) });
    const cluster = new Cluster(running.address);
    theirs = await ownNamespace(cluster);
    ours = await ownNamespace(cluster, { 'pod-security.kubernetes.io/enforce': 'restricted' });
    await applyTheirStores(theirs);
  }, 45 * 60_000);
  afterAll(async () => {
    theirs?.close();
    await running?.stop();
    rmSync(folder, { recursive: true });
  });

  it(
    'waits for the rights to declare its queues there, and says so',
    async () => {
      await allowInVhost(theirs, { may: (user) => user !== 'admin' });
      await takeSecrets(theirs, ours);
      const data = { 'hs256-secret': tokenSecret };
      await ours.create({ kind: 'Secret', metadata: { name: 'sonixy-tokens' }, stringData: data } as Manifest);
      objects = renderPlatform(platformOn(theirs, ours)).platform as readonly KubeObject[];
      for (const object of objects) await ours.apply(object as Manifest, { force: true });
      await eventually(
        async () => {
          const pods = await ours.list<PodObject>('Pod', 'app.kubernetes.io/name=bootstrap');
          const ends = pods.flatMap(({ status }) => status.containerStatuses ?? []).map(({ lastState }) => lastState);
          const words = ends.map((it) => it?.terminated?.message ?? '').join();
          return /RabbitMQ does not take the topology: .*ACCESS_REFUSED/.test(words) ? undefined : `it says ${words}`;
        },
        { timeoutMs, everyMs: 200 },
      );
    },
    timeoutMs,
  );

  it(
    'is Ready once it has them, without another apply',
    async () => {
      await allowInVhost(theirs, { may: () => true });
      for (const { kind, metadata } of objects)
        if (kind === 'Job') await ours.ready(kind, metadata.name, { timeoutMs });
      for (const name of services) await ours.ready('Deployment', name, { timeoutMs });
      expect(await ours.list('StatefulSet')).toEqual([]);
    },
    timeoutMs,
  );

  it('shows a like that is published there', () => showsLike(theirs, ours), timeoutMs);

  it(
    'an upgrade brings one more queue and one more right to the stores, and loses nothing',
    async () => {
      await using before = await brokerAs(theirs, 'notification', '/');
      await using publisher = await brokerAs(theirs, 'publisher', '/');
      await expect(got(before, later.queue)).rejects.toThrow(/NOT_FOUND|ACCESS_REFUSED/);
      expect(await redisAs(theirs, 'chat', 'SET', later.key, 'x')).toMatch(/^NOPERM/);
      // Nobody takes it: the platform has a vhost of its own.
      await published(publisher, 'before the upgrade');
      const secrets = await theirs.list<Secret>('Secret');

      await applyTheirStores(theirs, nextRegistry);

      await using after = await brokerAs(theirs, 'notification', '/');
      await using again = await brokerAs(theirs, 'publisher', '/');
      await published(again, 'after the upgrade');
      expect(await got(after, later.queue)).toContain('after the upgrade');
      expect(await got(after, queues.notificationUserInteraction)).toContain('before the upgrade');
      expect(await got(after, queues.notificationUserInteraction)).toContain('after the upgrade');
      // A right that only the next build gives, and one that it does not.
      expect(await redisAs(theirs, 'chat', 'SET', later.key, 'x')).toBe('OK');
      expect(await redisAs(theirs, 'chat', 'GET', later.key)).toMatch(/^NOPERM/);
      expect(await theirs.list<Secret>('Secret')).toEqual(secrets);
      await showsLike(theirs, ours);
    },
    timeoutMs,
  );
});

/** By the publisher's user to a stock client, through the hub's Service. */
async function showsLike(theirs: Cluster, ours: Cluster): Promise<void> {
  await using hub = await ours.forward(`hub.${ours.namespace}.svc`, 8097);
  const token = () =>
    issueToken({
      secret: tokenSecret,
      issuer: 'Sonixy.IdentityService',
      audience: 'Sonixy.Client',
      user: 'alice',
      lifetimeSeconds: 3_600,
    });
  const client = new HubConnectionBuilder()
    .withUrl(`${hub.url}/hubs/notifications`, { accessTokenFactory: token })
    .configureLogging(LogLevel.Error)
    .build();
  const shown: string[] = [];
  client.on('ReceiveNotification', (row: object) => {
    shown.push(JSON.stringify(row));
  });
  const post = `post-${crypto.randomUUID()}`;
  await using broker = await brokerAs(theirs, 'publisher', vhost);
  await eventually(() => client.start().then(() => undefined), { timeoutMs: 60_000, everyMs: 500 });
  try {
    await published(broker, post);
    await eventually(() => (shown.some((row) => row.includes(post)) ? undefined : `shown are ${shown}`), {
      timeoutMs: 120_000,
    });
  } finally {
    await client.stop();
  }
}

type Broker = AsyncDisposable & { readonly connection: ChannelModel };

async function brokerAs(theirs: Cluster, user: 'publisher' | 'notification', itsVhost: string): Promise<Broker> {
  const secret = user === 'publisher' ? 'rabbitmq-publisher' : 'rabbitmq-passwords';
  const password = await passwordOf(theirs, secret, user === 'publisher' ? 'password' : user);
  const ca = await passwordOf(theirs, 'rabbitmq-tls', 'ca.crt');
  const tunnel = await theirs.forward(`rabbitmq.${theirs.namespace}.svc`, 5671);
  const url = `amqps://${user}:${password}@localhost:${new URL(tunnel.url).port}/${encodeURIComponent(itsVhost)}`;
  const connection = await connect(url, { ca: [ca] });
  // The broker is restarted meanwhile.
  connection.on('error', () => undefined);
  return {
    connection,
    async [Symbol.asyncDispose]() {
      await connection.close().catch(() => undefined);
      await tunnel.close();
    },
  };
}

async function published({ connection }: Broker, post: string): Promise<void> {
  const channel = await connection.createConfirmChannel();
  const options = { contentType: 'application/vnd.masstransit+json', persistent: true };
  channel.publish(userInteractionExchange, '', likeEnvelope({ from: 'bob', to: 'alice', post }), options);
  await channel.waitForConfirms();
  await channel.close();
}

/** Takes one message. @throws what the broker refuses it with */
async function got({ connection }: Broker, queue: string): Promise<string> {
  const channel = await connection.createChannel();
  const closed = new Promise<never>((_, reject) => channel.once('error', reject));
  closed.catch(() => undefined);
  const message = await Promise.race([channel.get(queue, { noAck: true }), closed]);
  await channel.close();
  return message === false ? '' : message.content.toString();
}
