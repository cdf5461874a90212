import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { signalRClient, socketIoClient } from './clients.ts';
import { shownOnceInOrder, storedOnce } from './expectations.ts';
import { type Platform, startPlatform } from './platform.ts';
import { likeEnvelope, type Publisher, publisherTo } from './publisher.ts';

describeWithServer(['rabbitmq', 'redis', 'mongodev'], 'one event is one notification', () => {
  let platform: Platform;
  let publisher: Publisher;

  beforeAll(async () => {
    platform = await startPlatform();
    publisher = await publisherTo(platform.rabbitmq.url);
  });
  afterAll(async () => {
    await publisher?.[Symbol.asyncDispose]();
    await platform?.[Symbol.asyncDispose]();
  });

  it('however often it is delivered', async () => {
    const token = await platform.token('dora');
    await using signalR = await signalRClient(10, platform.hubs[0]?.url ?? '', token);
    await using socketIo = await socketIoClient(platform.hubs[1]?.url ?? '', token);
    const messageId = randomUUID();
    const envelope = likeEnvelope({ to: 'dora', post: 'thrice', messageId });
    await Promise.all([publisher.publish(envelope), publisher.publish(envelope), publisher.publish(envelope)]);
    await publisher.publish(likeEnvelope({ to: 'dora', post: 'last' }));

    await storedOnce(platform, 'dora', ['thrice', 'last']);
    const order = (await platform.history('dora')).map(({ entityId }) => entityId);
    await shownOnceInOrder([signalR, socketIo], order);
    expect((await platform.history('dora')).map(({ number }) => number)).toEqual([1, 2]);
  });

  it('though consumers are killed while they work', async () => {
    const token = await platform.token('emil');
    await using signalR = await signalRClient(10, platform.hubs[0]?.url ?? '', token);
    await using socketIo = await socketIoClient(platform.hubs[1]?.url ?? '', token);
    const posts = Array.from({ length: 400 }, (_, index) => `post-${index}`);
    const published = (async () => {
      for (const post of posts) {
        await publisher.publish(likeEnvelope({ to: 'emil', post, messageId: randomUUID() }));
      }
    })();
    for (const victim of platform.notifications) {
      const seen = signalR.received.length;
      await expect.poll(() => signalR.received.length, { timeout: 30_000 }).toBeGreaterThan(seen);
      await victim.service.restart();
    }
    await published;

    await storedOnce(platform, 'emil', posts);
    const order = (await platform.history('emil')).map(({ entityId }) => entityId);
    await shownOnceInOrder([signalR, socketIo], order);
  });
});
