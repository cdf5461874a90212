import { expect, it } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { aspNetClient, type Client, type SignalRTransport, signalRClient, socketIoClient } from './clients.ts';
import { shownOnceInOrder, storedOnce } from './expectations.ts';
import { likeEnvelope } from './publisher.ts';
import { usePlatform } from './use-platform.ts';

describeWithServer(['rabbitmq', 'redis', 'mongodev'], 'a like reaches every client', () => {
  const used = usePlatform();

  it('over every protocol, version and transport, on both hubs, in one group', async () => {
    const token = await used.platform.token('alice');
    const [one, two] = used.platform.hubs.map(({ url }) => url) as [string, string];
    await using stack = new AsyncDisposableStack();
    const clients: Client[] = [];
    const add = async (client: Promise<Client>) => clients.push(stack.use(await client));
    for (const version of [10, 8, 6] as const) {
      for (const transport of ['WebSockets', 'ServerSentEvents', 'LongPolling'] satisfies SignalRTransport[]) {
        await add(signalRClient(version, version === 8 ? two : one, token, { transport }));
        if (transport !== 'ServerSentEvents') {
          await add(signalRClient(version, version === 8 ? one : two, token, { transport, messagePack: true }));
        }
      }
    }
    await add(aspNetClient(one, token));
    await add(socketIoClient(two, token));
    await add(socketIoClient(one, token, ['polling']));
    await add(socketIoClient(two, token, ['polling', 'websocket']));
    const stranger = stack.use(await signalRClient(10, one, await used.platform.token('carol')));

    await used.publisher.publish(likeEnvelope({ post: 'first' }));
    await used.publisher.publish(likeEnvelope({ post: 'second' }));

    // Two consumers share the queue, so either may be stored first; every client follows the store.
    await storedOnce(used.platform, 'alice', ['first', 'second']);
    const order = (await used.platform.history('alice')).map(({ entityId }) => entityId);
    await shownOnceInOrder(clients, order);
    expect(clients.map(({ received }) => received)).toEqual(clients.map(() => clients[0]?.received));
    expect(clients[0]?.received[0]).toMatchObject({
      recipientId: 'alice',
      actorId: 'bob',
      actorName: 'bob',
      actorAvatar: 'https://example.invalid/a.png',
      entityId: order[0],
      type: 0,
      status: 0,
      isRead: false,
      action: 'Like',
      entityType: 'Post',
    });
    expect(stranger.received).toEqual([]);
  });
});
