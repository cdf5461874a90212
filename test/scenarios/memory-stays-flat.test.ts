import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { type HeapProbe, heapProbe } from './heap.ts';
import { likeEnvelope } from './publisher.ts';
import { usePlatform } from './use-platform.ts';

const rounds = 9;

describeWithServer(['rabbitmq', 'redis', 'mongodev'], 'memory stays flat under hostile input', () => {
  let probes: { hub: HeapProbe; notification: HeapProbe };
  const used = usePlatform(async () => {
    probes = { hub: await heapProbe(), notification: await heapProbe() };
    return {
      notificationReplicas: 1,
      hubReplicas: 1,
      hubEnv: probes.hub.env,
      notificationEnv: probes.notification.env,
    };
  });

  it('on the bus, on REST and on sockets', async () => {
    const token = await used.platform.token('mallory');
    const [hub, rest] = [used.platform.hubs[0]?.url ?? '', used.platform.notifications[0]?.url ?? ''];
    const attack = async () => {
      const events = Array.from({ length: 150 }, (_, index) =>
        index % 2 === 0 ? randomBytes(2000) : likeEnvelope({ to: index % 4 === 1 ? null : 'a'.repeat(300) }),
      );
      await Promise.all(events.map((body) => used.publisher.publish(body)));
      const requests = Array.from({ length: 100 }, () => [
        fetch(`${rest}/api/notifications?page=a`, { headers: { authorization: `Bearer ${token}` } }),
        fetch(`${rest}/api/notifications`, {
          headers: { authorization: `Bearer ${randomBytes(500).toString('hex')}` },
        }),
        fetch(`${hub}/hubs/notifications/negotiate?negotiateVersion=1`, {
          method: 'POST',
          headers: { authorization: `Bearer ${token}` },
        }),
        fetch(`${hub}/hubs/notifications?id=${randomBytes(100).toString('hex')}`, {
          headers: { authorization: `Bearer ${token}` },
        }),
      ]).flat();
      for (const request of requests) await (await request).arrayBuffer();
      await Promise.all(
        Array.from({ length: 100 }, (_, index) =>
          garbageOn(
            index % 2 === 0
              ? `${hub}/hubs/notifications?access_token=${token}`
              : `${hub}/socket.io/?EIO=4&transport=websocket`,
          ),
        ),
      );
      await eventually(async () => {
        const counts = await used.platform.rabbitmq.ctl('list_queues', 'name', 'messages');
        const left = Number(new RegExp(`^${used.platform.queue}\\s+(\\d+)$`, 'm').exec(counts)?.[1]);
        return left === 0 ? undefined : `${left} events are left in the queue`;
      });
    };
    const heaps: Record<'hub' | 'notification', number[]> = { hub: [], notification: [] };
    await attack();
    for (let round = 0; round < rounds; round += 1) {
      await attack();
      heaps.hub.push(await probes.hub.usedAfterGc());
      heaps.notification.push(await probes.notification.usedAfterGc());
    }
    for (const [name, series] of Object.entries(heaps)) {
      const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
      const [first, last] = [mean(series.slice(0, rounds / 3)), mean(series.slice(-rounds / 3))];
      expect.soft(last / first, `${name}: ${series.join(' ')}`).toBeLessThanOrEqual(1.1);
    }
  }, 240_000);
});

function garbageOn(url: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url.replace('http', 'ws'));
    socket.once('open', () => {
      socket.send(randomBytes(3000));
      socket.send('\u001e');
      socket.ping();
    });
    socket.once('pong', () => socket.terminate());
    socket.once('close', () => resolve());
    socket.once('error', () => resolve());
  });
}
