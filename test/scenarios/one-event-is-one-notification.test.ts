import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { signalRClient, socketIoClient } from './clients.ts';
import { shownOnceInOrder, storedOnce } from './expectations.ts';
import { likeEnvelope } from './publisher.ts';
import { usePlatform } from './use-platform.ts';

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

  it('though consumers are killed while they work', async () => {
    const token = await used.platform.token('emil');
    await using signalR = await signalRClient(10, used.platform.hubs[0]?.url ?? '', token);
    await using socketIo = await socketIoClient(used.platform.hubs[1]?.url ?? '', token);
    const posts = Array.from({ length: 400 }, (_, index) => `post-${index}`);
    const published = (async () => {
      for (const post of posts) {
        await used.publisher.publish(likeEnvelope({ to: 'emil', post, messageId: randomUUID() }));
      }
    })();
    for (const victim of used.platform.notifications) {
      const seen = signalR.received.length;
      await expect.poll(() => signalR.received.length, { timeout: 30_000 }).toBeGreaterThan(seen);
      await victim.service.restart();
    }
    await published;

    await storedOnce(used.platform, 'emil', posts);
    const order = (await used.platform.history('emil')).map(({ entityId }) => entityId);
    await shownOnceInOrder([signalR, socketIo], order);
  });
});
