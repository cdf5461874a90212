import { eventually } from '#test/eventually.ts';
import { heapProbe } from '#test/scenarios/heap.ts';
import { metric } from '#test/scenarios/metric.ts';
import { type Servers, startNotificationService } from './bench-service.ts';

const steps = 15;

/** Heap after GC of the notification service, `steps` times while `count` events pass, one in ten of them with a recipient. */
export async function heapOverEvents(servers: Servers, count: number): Promise<number[]> {
  const { filler } = servers;
  const probe = await heapProbe();
  await using started = await startNotificationService(servers, probe.env);
  const { queue, opsUrl } = started;
  const heaps: number[] = [];
  let published = 0;
  for (let step = 0; step < steps; step += 1) {
    const share = Math.ceil(count / steps);
    await filler.fill(queue, Math.round(share * 0.9), 0);
    await filler.fill(queue, share - Math.round(share * 0.9), 1_000);
    published += share;
    await eventually(
      async () => {
        const done = await metric(opsUrl, 'notification_events_total');
        return done >= published ? undefined : `${done} of ${published} events are done`;
      },
      { timeoutMs: 120_000 },
    );
    heaps.push(await probe.usedAfterGc());
  }
  return heaps;
}
