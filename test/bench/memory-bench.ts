import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '#test/dev-env/free-port.ts';
import { startService } from '#test/dev-env/process.ts';
import { eventually } from '#test/eventually.ts';
import { heapProbe } from '#test/scenarios/heap.ts';
import { metric } from '#test/scenarios/metric.ts';
import { consumes, type Servers } from './notification-bench.ts';

const steps = 15;

/** Heap after GC of the notification service, `steps` times while `count` events pass, one in ten of them with a recipient. */
export async function heapOverEvents({ amqpUrl, redisUrl, filler }: Servers, count: number): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), 'sonixy-bench-'));
  const queue = `bench-${randomUUID()}`;
  const opsUrl = `http://127.0.0.1:${await freePort()}`;
  const probe = await heapProbe();
  try {
    await using _service = await startService({
      main: 'services/notification/main.ts',
      env: {
        ...probe.env,
        AMQP_URL: amqpUrl,
        REDIS_URL: redisUrl,
        DATA_DIR: folder,
        NOTIFICATION_QUEUE: queue,
        JWT_HS256_SECRET: randomBytes(32).toString('base64'),
        INTERNAL_SECRET: randomBytes(32).toString('base64'),
        HOST: '127.0.0.1',
        PORT: String(await freePort()),
        OPS_PORT: new URL(opsUrl).port,
        LOG_LEVEL: 'warn',
      },
      readyUrl: `${opsUrl}/readyz`,
    });
    await consumes(opsUrl);
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
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
