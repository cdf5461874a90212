import { expect, it } from 'vitest';
import { startTcpProxy } from '#test/dev-env/tcp-proxy.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { type Client, signalRClient, socketIoClient } from './clients.ts';
import { assertOnceInOrder, shownOnceInOrder } from './expectations.ts';
import { metric } from './metric.ts';
import { likeEnvelope } from './publisher.ts';
import { usePlatform } from './use-platform.ts';

describeWithServer(['rabbitmq', 'redis', 'mongodev'], 'one of eleven clients stops reading', () => {
  const used = usePlatform(() => ({ notificationReplicas: 1, hubReplicas: 1 }));

  it.each(['signalr', 'socket.io'] as const)(
    'over %s: it is closed at its cap, the other ten are unharmed, and it comes back',
    async (protocol) => {
      const user = `reader-${protocol}`;
      const token = await used.platform.token(user);
      const hub = used.platform.hubs[0];
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
      // 4 KB each: the kernel's own socket buffers fill before the hub's queue does.
      const avatar = `https://example.invalid/${'a'.repeat(4000)}`;
      const closedAsSlow = async () => (await metric(hub.opsUrl, 'hub_closes_total', 'reason="slow"')) - closedBefore;
      while ((await closedAsSlow()) === 0) {
        if (posts.length >= 10_000) throw new Error('nobody was closed as slow after 10,000 pushes of 4 KB');
        const batch = Array.from({ length: 50 }, (_, index) => `post-${posts.length + index}`);
        await Promise.all(batch.map((post) => used.publisher.publish(likeEnvelope({ to: user, post, avatar }))));
        posts.push(...batch);
        // Each at its own speed: on a busy machine this very process would be the one that is too slow.
        await eventually(() => {
          const behind = others.find(({ received }) => received.length < posts.length);
          return behind && `${behind.name} was shown ${behind.received.length} of ${posts.length}`;
        });
      }
      expect(await closedAsSlow()).toBe(1);
      await shownOnceInOrder(
        others,
        (await used.platform.history(user)).map(({ entityId }) => entityId),
      );
      expect(others.map((client) => client.losses())).toEqual(others.map(() => 0));

      await proxy.heal();
      await eventually(() => (slow.losses() > 0 && slow.connected() ? undefined : 'the slow client is not back'), {
        timeoutMs: 60_000,
      });
      await used.publisher.publish(likeEnvelope({ to: user, post: 'after' }));
      await eventually(() => (slow.received.at(-1)?.entityId === 'after' ? undefined : 'no push after its return'));
      assertOnceInOrder(slow);
    },
    180_000,
  );
});
