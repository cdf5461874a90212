import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { signalRClient, socketIoClient } from './clients.ts';
import { shownOnceInOrder, storedOnce } from './expectations.ts';
import { likeEnvelope } from './publisher.ts';
import { usePlatform } from './use-platform.ts';

/** Events that are published and not shown yet. */
const inHand = 100;

describeWithServer(['rabbitmq', 'redis', 'mongodev'], 'one event is one notification', () => {
  const used = usePlatform();

  it('however often it is delivered', async () => {
    const token = await used.platform.token('dora');
    await using signalR = await signalRClient(10, used.platform.hubs[0]?.url ?? '', token);
    await using socketIo = await socketIoClient(used.platform.hubs[1]?.url ?? '', token);
    const messageId = randomUUID();
    const envelope = likeEnvelope({ to: 'dora', post: 'thrice', messageId });
    await Promise.all([
      used.publisher.publish(envelope),
      used.publisher.publish(envelope),
      used.publisher.publish(envelope),
    ]);
    await used.publisher.publish(likeEnvelope({ to: 'dora', post: 'last' }));

    await storedOnce(used.platform, 'dora', ['thrice', 'last']);
    const order = (await used.platform.history('dora')).map(({ entityId }) => entityId);
    await shownOnceInOrder([signalR, socketIo], order);
    expect((await used.platform.history('dora')).map(({ number }) => number)).toEqual([1, 2]);
  });

  it('though consumers are killed while they work', { timeout: 240_000 }, async () => {
    const token = await used.platform.token('emil');
    await using signalR = await signalRClient(10, used.platform.hubs[0]?.url ?? '', token);
    await using socketIo = await socketIoClient(used.platform.hubs[1]?.url ?? '', token);
    const posts: string[] = [];
    let allKilled = false;
    // There is always work in hand, however fast or slow the consumers are, until the last of them was killed.
    const published = (async () => {
      while (!allKilled) {
        await eventually(
          () => (posts.length - signalR.received.length < inHand ? undefined : 'the consumers stand still'),
          { timeoutMs: 120_000 },
        );
        const post = `post-${posts.length}`;
        posts.push(post);
        await used.publisher.publish(likeEnvelope({ to: 'emil', post, messageId: randomUUID() }));
      }
    })();
    try {
      for (const victim of used.platform.notifications) {
        const seen = signalR.received.length;
        await eventually(() => (signalR.received.length > seen ? undefined : 'nothing arrives'), { timeoutMs: 60_000 });
        await victim.service.restart();
      }
    } finally {
      allKilled = true;
    }
    await published;

    await storedOnce(used.platform, 'emil', posts);
    const order = (await used.platform.history('emil')).map(({ entityId }) => entityId);
    await shownOnceInOrder([signalR, socketIo], order);
  });
});
