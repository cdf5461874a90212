import { expect, it } from 'vitest';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { signalRClient } from './clients.ts';
import { shownOnceInOrder } from './expectations.ts';
import { startPlatform } from './platform.ts';
import { likeEnvelope, publisherTo } from './publisher.ts';

describeWithServer(['rabbitmq', 'redis', 'mongodev'], 'the platform starts in any order', () => {
  it('without its servers too, says what it waits for, and heals by itself', async () => {
    await using platform = await startPlatform({ notificationReplicas: 1, hubReplicas: 1, readyPath: '/livez' });
    const [notification, hub] = [platform.notifications[0]?.service, platform.hubs[0]?.service];
    if (!notification || !hub) throw new Error('the platform has no replicas');
    const servers = [platform.mongo, platform.redis, platform.rabbitmq];
    for (const server of servers) await server.kill();
    await notification.kill();
    await hub.restart();
    await notification.restart();

    const waitsFor = async (opsUrl: string | undefined) => {
      const response = await fetch(`${opsUrl}/readyz`);
      const { parts } = (await response.json()) as { parts: Record<string, { ready: boolean; detail: string }> };
      return Object.entries(parts).filter(([, { ready }]) => !ready);
    };
    expect(await waitsFor(platform.notifications[0]?.opsUrl)).not.toEqual([]);
    expect(await waitsFor(platform.hubs[0]?.opsUrl)).not.toEqual([]);

    // A client that comes before anything else is there is connected, and shown what happens from then on.
    await using client = await signalRClient(10, platform.hubs[0]?.url ?? '', await platform.token('early'));
    for (const server of servers) await server.restart();
    for (const { opsUrl } of [...platform.notifications, ...platform.hubs]) {
      await eventually(
        async () => {
          const waiting = await waitsFor(opsUrl);
          return waiting.length === 0 ? undefined : JSON.stringify(waiting);
        },
        { timeoutMs: 60_000 },
      );
    }
    await using publisher = await publisherTo(platform.rabbitmq.url);
    await publisher.publish(likeEnvelope({ to: 'early', post: 'at last' }));
    await shownOnceInOrder([client], ['at last']);
    expect(client.losses()).toBe(0);
    expect((await notification.stop()).code).toBe(0);
    expect((await hub.stop()).code).toBe(0);
  }, 180_000);
});
