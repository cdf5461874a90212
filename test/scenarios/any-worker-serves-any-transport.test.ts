import { randomUUID } from 'node:crypto';
import { HttpTransportType, type HubConnection, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { NotificationDto } from '#shared/contract/notification-dto.ts';
import { startHaproxy } from '#test/dev-env/haproxy.ts';
import type { Server } from '#test/dev-env/server.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { socketIoClient } from './clients.ts';
import { metric } from './metric.ts';
import type { Replica } from './platform.ts';
import { likeEnvelope } from './publisher.ts';
import { usePlatform } from './use-platform.ts';

const portOf = (url: string) => Number(new URL(url).port);
const rounds = 10;

describeWithServer(
  ['rabbitmq', 'redis', 'mongodev', 'haproxy'],
  'two hubs behind a balancer that gives each request to the next one',
  () => {
    const used = usePlatform(() => ({ hubEnv: { HUB_WORKER_ADDRESS: '127.0.0.1', HUB_DRAIN_WINDOW_MS: '500' } }));
    let balancer: Server;
    let user = '';
    let ends: AsyncDisposableStack;

    beforeAll(async () => {
      const ports = (replicas: readonly { url: string }[]) => replicas.map(({ url }) => portOf(url));
      balancer = await startHaproxy({
        hubs: ports(used.platform.hubs),
        others: ports(used.platform.notifications),
      });
      return () => balancer[Symbol.asyncDispose]();
    });
    beforeEach(() => {
      user = `user-${randomUUID().slice(0, 8)}`;
      ends = new AsyncDisposableStack();
    });
    afterEach(() => ends.disposeAsync());

    const forwarded = async (outcome = 'answered') => {
      const counts = used.platform.hubs
        .filter(({ service }) => service.running)
        .map(({ opsUrl }) => metric(opsUrl, 'hub_forwarded_requests_total', `"${outcome}"`));
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    };

    /** A stock client that is connected. */
    async function start(transport: HttpTransportType): Promise<{ connection: HubConnection; posts: string[] }> {
      const token = await used.platform.token(user);
      const connection = new HubConnectionBuilder()
        .withUrl(`${balancer.url}/hubs/notifications`, { accessTokenFactory: () => token, transport })
        .withAutomaticReconnect({ nextRetryDelayInMilliseconds: () => 100 })
        .configureLogging(LogLevel.None)
        .build();
      const posts: string[] = [];
      connection.on('ReceiveNotification', ({ entityId }: NotificationDto) => posts.push(entityId));
      ends.defer(() => connection.stop());
      await connection.start();
      return { connection, posts };
    }

    const shows = (posts: readonly string[], wanted: readonly string[]) =>
      eventually(() => (posts.join() === wanted.join() ? undefined : `shows [${posts}] of [${wanted}]`));

    it.each([
      ['ServerSentEvents', HttpTransportType.ServerSentEvents],
      ['LongPolling', HttpTransportType.LongPolling],
    ])('serve a stock client over %s: it sends, and each push is shown once and in order', async (_name, transport) => {
      const before = await forwarded();
      const { connection, posts } = await start(transport);
      const losses: unknown[] = [];
      connection.onreconnecting((error) => losses.push(error));
      const wanted: string[] = [];
      for (let round = 0; round < rounds; round += 1) {
        const answer = await connection.invoke<{ cursor: string }>('Subscribe', null);
        expect(answer.cursor).toEqual(expect.any(String));
        wanted.push(`post-${round}`);
        await used.publisher.publish(likeEnvelope({ to: user, post: `post-${round}` }));
        await shows(posts, wanted);
      }
      expect(losses).toEqual([]);
      // Else all went to the right worker by chance.
      expect(await forwarded()).toBeGreaterThan(before);
    });

    it.each([[['polling']], [['polling', 'websocket']]] as ('polling' | 'websocket')[][][])(
      'serve a stock socket.io client over %j',
      async (transports) => {
        const before = await forwarded();
        const client = ends.use(await socketIoClient(balancer.url, await used.platform.token(user), transports));
        const wanted: string[] = [];
        for (let round = 0; round < rounds; round += 1) {
          wanted.push(`post-${round}`);
          await used.publisher.publish(likeEnvelope({ to: user, post: `post-${round}` }));
          await eventually(() => {
            const shown = client.received.map(({ entityId }) => entityId);
            return shown.join() === wanted.join() ? undefined : `shows [${shown}] of [${wanted}]`;
          });
        }
        expect(client.losses()).toBe(0);
        expect(await forwarded()).toBeGreaterThan(before);
      },
    );

    it('answer a forged id with 404, from either of them', async () => {
      const headers = { authorization: `Bearer ${await used.platform.token(user)}` };
      const negotiation = await fetch(`${balancer.url}/hubs/notifications/negotiate?negotiateVersion=1`, {
        method: 'POST',
        headers,
      });
      const { connectionToken } = (await negotiation.json()) as { connectionToken: string };
      const poll = (id: string) => fetch(`${balancer.url}/hubs/notifications?id=${id}`, { headers });
      for (let round = 0; round < 4; round += 1)
        expect((await poll(`${connectionToken.slice(0, -4)}AAAA`)).status).toBe(404);
      expect((await poll(connectionToken)).status).toBe(200);
    });

    it.each([
      ['ServerSentEvents', HttpTransportType.ServerSentEvents],
      ['LongPolling', HttpTransportType.LongPolling],
    ])('lose one of them, and its clients over %s begin anew at the other', async (_name, transport) => {
      const { connection, posts } = await start(transport);
      const owner = await ownerOf();
      const other = used.platform.hubs.find((it) => it !== owner);
      const headers = { authorization: `Bearer ${await used.platform.token(user)}` };
      const negotiation = await fetch(`${owner.url}/hubs/notifications/negotiate?negotiateVersion=1`, {
        method: 'POST',
        headers,
      });
      const { connectionToken } = (await negotiation.json()) as { connectionToken: string };
      await owner.service.kill();
      const orphan = await fetch(`${other?.url}/hubs/notifications?id=${connectionToken}`, { headers });
      expect([orphan.status, await orphan.text()]).toEqual([404, 'No Connection with that ID']);
      await eventually(
        async () => {
          const connections = await metric(other?.opsUrl ?? '', 'hub_connections');
          return connection.state === 'Connected' && connections === 1
            ? undefined
            : `${connection.state}, ${connections}`;
        },
        { timeoutMs: 60_000 },
      );
      await used.publisher.publish(likeEnvelope({ to: user, post: 'after' }));
      await shows(posts, ['after']);
      await owner.service.restart();
    });

    it.each([
      ['ServerSentEvents', HttpTransportType.ServerSentEvents],
      ['LongPolling', HttpTransportType.LongPolling],
    ])('stop one of them, and whoever came through it over %s comes back', async (_name, transport) => {
      const clients: Awaited<ReturnType<typeof start>>[] = [];
      for (let count = 0; count < 5; count += 1) clients.push(await start(transport));
      let stopped: Replica | undefined;
      await eventually(async () => {
        // All take another turn at the balancer, in whatever order: else each poll of a quiet client meets its owner.
        await used.publisher.publish(likeEnvelope({ to: user, post: 'before' }));
        for (const hub of used.platform.hubs) {
          if ((await metric(hub.opsUrl, 'hub_forwarded_held')) > 0) stopped = hub;
        }
        return stopped ? undefined : 'neither holds anything for the other';
      });
      expect(await stopped?.service.stop()).toMatchObject({ code: 0 });
      let round = 0;
      // A push may find a client that has not noticed yet that it is to come back.
      await eventually(
        async () => {
          round += 1;
          const post = `after-${round}`;
          await used.publisher.publish(likeEnvelope({ to: user, post }));
          const missing = () => clients.filter(({ posts }) => !posts.includes(post)).length;
          await eventually(() => (missing() === 0 ? undefined : `${missing()} miss it`), { timeoutMs: 2_000 });
          return undefined;
        },
        { timeoutMs: 60_000 },
      );
      await stopped?.service.restart();
    });

    /** Of the only connection there is, once what earlier clients left has ended. */
    async function ownerOf(): Promise<Replica> {
      let owners: Replica[] = [];
      await eventually(
        async () => {
          const counts = await Promise.all(used.platform.hubs.map(({ opsUrl }) => metric(opsUrl, 'hub_connections')));
          owners = used.platform.hubs.filter((_hub, index) => counts[index] === 1);
          return owners.length === 1 && Math.max(...counts) === 1 ? undefined : `there are ${counts}`;
        },
        { timeoutMs: 45_000 },
      );
      return owners[0] as Replica;
    }
  },
);
