import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTcpProxy } from '#test/dev-env/tcp-proxy.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { type Client, signalRClient, socketIoClient } from './clients.ts';
import { assertOnceInOrder, shownOnceInOrder } from './expectations.ts';
import { metric } from './metric.ts';
import { type Platform, startPlatform } from './platform.ts';
import { likeEnvelope, type Publisher, publisherTo } from './publisher.ts';

describeWithServer(['rabbitmq', 'redis', 'mongodev'], 'one of eleven clients stops reading', () => {
  let platform: Platform;
  let publisher: Publisher;

  beforeAll(async () => {
    platform = await startPlatform({ notificationReplicas: 1, hubReplicas: 1 });
    publisher = await publisherTo(platform.rabbitmq.url);
  });
  afterAll(async () => {
    await publisher?.[Symbol.asyncDispose]();
    await platform?.[Symbol.asyncDispose]();
  });

  it.each(['signalr', 'socket.io'] as const)(
    'over %s: it is closed at its cap, the other ten are unharmed, and it comes back',
    async (protocol) => {
      const user = `reader-${protocol}`;
      const token = await platform.token(user);
      const hub = platform.hubs[0];
      if (!hub) throw new Error('no hub');
      await using proxy = await startTcpProxy({ port: Number(new URL(hub.url).port) });
      await using stack = new AsyncDisposableStack();
      const connect = (url: string) =>
        protocol === 'signalr' ? signalRClient(10, url, token) : socketIoClient(url, token);
      const others: Client[] = [];
      for (let index = 0; index < 10; index += 1) others.push(stack.use(await connect(hub.url)));
      const slow = stack.use(await connect(new URL(proxy.through(hub.url)).origin));
      const closedBefore = await metric(hub.opsUrl, 'hub_closes_total', 'reason="slow"');

      proxy.blackhole();
      const posts: string[] = [];
      await eventually(
        async () => {
          const batch = Array.from({ length: 200 }, (_, index) => `post-${posts.length + index}`);
          // 4 KB each: the kernel's own socket buffers fill before the hub's queue does.
          const avatar = `https://example.invalid/${'a'.repeat(4000)}`;
          await Promise.all(batch.map((post) => publisher.publish(likeEnvelope({ to: user, post, avatar }))));
          posts.push(...batch);
          const closed = (await metric(hub.opsUrl, 'hub_closes_total', 'reason="slow"')) - closedBefore;
          return closed === 1 ? undefined : `${closed} closed as slow after ${posts.length} pushes`;
        },
        { timeoutMs: 60_000 },
      );
      const order = (await platform.history(user)).map(({ entityId }) => entityId);
      expect(order.length).toBeLessThanOrEqual(posts.length);
      await eventually(async () => {
        const { length } = await platform.history(user);
        return length === posts.length ? undefined : `${length} of ${posts.length} stored`;
      });
      await shownOnceInOrder(
        others,
        (await platform.history(user)).map(({ entityId }) => entityId),
      );
      expect(others.map((client) => client.losses())).toEqual(others.map(() => 0));

      await proxy.heal();
      await eventually(() => (slow.losses() > 0 && slow.connected() ? undefined : 'the slow client is not back'), {
        timeoutMs: 60_000,
      });
      await publisher.publish(likeEnvelope({ to: user, post: 'after' }));
      await eventually(() => (slow.received.at(-1)?.entityId === 'after' ? undefined : 'no push after its return'));
      assertOnceInOrder(slow);
    },
    180_000,
  );
});
