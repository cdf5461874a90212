import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '#test/dev-env/free-port.ts';
import { type Service, startService } from '#test/dev-env/process.ts';
import { eventually } from '#test/eventually.ts';
import { metric } from '#test/scenarios/metric.ts';
import type { Filler } from './fill-queue.ts';
import { type Measured, measureFrozen } from './frozen-consumer.ts';

export type Servers = { readonly amqpUrl: string; readonly redisUrl: string; readonly filler: Filler };
export type Load = { readonly count: number; readonly users: number };

const doneTimeoutMs = 300_000;

/** The notification service as it runs alone, on an own SQLite file, until it has stored and pushed (or dropped) every event. */
export async function measureNotification({ amqpUrl, redisUrl, filler }: Servers, load: Load): Promise<Measured> {
  await using folder = ownFolder();
  const queue = `bench-${randomUUID()}`;
  const opsUrl = `http://127.0.0.1:${await freePort()}`;
  await using service = await startService({
    main: 'services/notification/main.ts',
    env: {
      AMQP_URL: amqpUrl,
      REDIS_URL: redisUrl,
      DATA_DIR: folder.path,
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
  const fill = () => filler.fill(queue, load.count, load.users);
  return await measureFrozen(service, fill, async () => {
    const name = load.users === 0 ? 'notification_events_total' : 'notification_pushes_total';
    await eventually(
      async () => {
        const done = await metric(opsUrl, name);
        return done >= load.count ? undefined : `${done} of ${load.count} events are done`;
      },
      // Each question costs the service a few milliseconds.
      { timeoutMs: doneTimeoutMs, everyMs: 100 },
    );
  });
}

/** Bare amqplib with `JSON.parse` on the same events. */
export async function measureBareConsume({ amqpUrl, filler }: Servers, load: Load): Promise<Measured> {
  const queue = `bench-${randomUUID()}`;
  const env = { AMQP_URL: amqpUrl, QUEUE: queue, COUNT: String(load.count) };
  await using consumer = await startService({ main: 'test/bench/bare-consume.ts', env });
  await printed(consumer, 'ready');
  const fill = () => filler.fill(queue, load.count, load.users);
  return await measureFrozen(consumer, fill, () => printed(consumer, 'done'));
}

/** Bare inserts into the store's schema. Seconds. */
export async function measureBareInsert({ count, users }: Load): Promise<number> {
  await using folder = ownFolder();
  const env = { DATA_DIR: folder.path, COUNT: String(count), USERS: String(users) };
  await using inserter = await startService({ main: 'test/bench/bare-insert.ts', env });
  await printed(inserter, 'done');
  return Number(/done (\S+)/.exec(inserter.output())?.[1]);
}

/** Its queue is there and it takes from it. */
export async function consumes(opsUrl: string): Promise<void> {
  await eventually(async () => {
    const { parts } = (await (await fetch(`${opsUrl}/readyz`)).json()) as { parts: Record<string, { ready: boolean }> };
    const waiting = Object.entries(parts).filter(([, { ready }]) => !ready);
    return waiting.length === 0 ? undefined : `the service waits for ${waiting.map(([name]) => name)}`;
  });
}

async function printed(process: Service, word: string): Promise<void> {
  await eventually(
    () => {
      if (new RegExp(`^${word}\\b`, 'm').test(process.output())) return undefined;
      return process.running ? `no "${word}" yet` : `it ended: ${process.output()}`;
    },
    { timeoutMs: doneTimeoutMs, everyMs: 5 },
  );
}

function ownFolder(): AsyncDisposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'sonixy-bench-'));
  return { path, [Symbol.asyncDispose]: async () => rmSync(path, { recursive: true, force: true }) };
}
