import { randomUUID } from 'node:crypto';
import { type Service, startService } from '#test/dev-env/process.ts';
import { eventually } from '#test/eventually.ts';
import { metric } from '#test/scenarios/metric.ts';
import { ownFolder, type Servers, startNotificationService } from './bench-service.ts';
import { type Measured, measureFrozen } from './frozen-consumer.ts';

export type Load = { readonly count: number; readonly users: number };

const doneTimeoutMs = 300_000;

/** The notification service as it runs alone, on an own SQLite file, until it has stored and pushed (or dropped) every event. */
export async function measureNotification(servers: Servers, load: Load): Promise<Measured> {
  await using started = await startNotificationService(servers);
  const { service, queue, opsUrl } = started;
  const fill = () => servers.filler.fill(queue, load.count, load.users);
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

async function printed(process: Service, word: string): Promise<void> {
  await eventually(
    () => {
      if (new RegExp(`^${word}\\b`, 'm').test(process.output())) return undefined;
      return process.running ? `no "${word}" yet` : `it ended: ${process.output()}`;
    },
    { timeoutMs: doneTimeoutMs, everyMs: 5 },
  );
}
