import type { Servers } from './bench-service.ts';
import type { Finding } from './findings.ts';
import { heapOverEvents } from './memory-bench.ts';
import { type Load, measureBareConsume, measureBareInsert, measureNotification } from './notification-bench.ts';
import { median, spread } from './statistics.ts';

export type NotificationBenchSize = {
  readonly rounds: number;
  readonly stored: Load;
  readonly dropped: Load;
  readonly memoryEvents: number;
};

export const notificationBenchSizes: Readonly<Record<'whole' | 'short', NotificationBenchSize>> = {
  whole: {
    rounds: 5,
    stored: { count: 30_000, users: 1_000 },
    dropped: { count: 60_000, users: 0 },
    memoryEvents: 500_000,
  },
  short: {
    rounds: 1,
    stored: { count: 5_000, users: 1_000 },
    dropped: { count: 10_000, users: 0 },
    memoryEvents: 30_000,
  },
};

/** The notification path beside bare amqplib and bare inserts, and its heap over many events. */
export async function benchNotifications(
  servers: Servers,
  { rounds, stored, dropped, memoryEvents }: NotificationBenchSize,
): Promise<{ findings: readonly Finding[]; raw: object }> {
  const consumePerSecond: number[] = [];
  const insertPerSecond: number[] = [];
  const storedPerSecond: number[] = [];
  const ofLowerCeiling: number[] = [];
  const dropCpuRatio: number[] = [];
  const dropCpuMicroseconds: number[] = [];
  const perSecond = (seconds: number) => stored.count / seconds;
  for (let round = 0; round <= rounds; round += 1) {
    const consume = await measureBareConsume(servers, stored);
    const insert = await measureBareInsert(stored);
    const ours = await measureNotification(servers, stored);
    const bareDrop = await measureBareConsume(servers, dropped);
    const ourDrop = await measureNotification(servers, dropped);
    const ceiling = Math.min(perSecond(consume.seconds), perSecond(insert));
    const dropRatio = ourDrop.cpuSeconds / bareDrop.cpuSeconds;
    const line = `${Math.round(perSecond(ours.seconds))}/s stored and pushed, ceiling ${Math.round(ceiling)}/s`;
    process.stdout.write(`${round === 0 ? 'warm-up' : `round ${round}`}: ${line}, drop ${dropRatio.toFixed(2)}×\n`);
    if (round === 0) continue;
    consumePerSecond.push(perSecond(consume.seconds));
    insertPerSecond.push(perSecond(insert));
    storedPerSecond.push(perSecond(ours.seconds));
    ofLowerCeiling.push(perSecond(ours.seconds) / ceiling);
    dropCpuRatio.push(dropRatio);
    dropCpuMicroseconds.push((ourDrop.cpuSeconds / dropped.count) * 1e6);
  }
  const heaps = await heapOverEvents(servers, memoryEvents);
  const third = Math.floor(heaps.length / 3);
  const growth = median(heaps.slice(-third)) / median(heaps.slice(0, third));
  return {
    findings: [
      {
        what: 'RabbitMQ → SQLite → push, of the lower ceiling',
        measured: spread(ofLowerCeiling),
        target: '≥ 0.70',
        met: median(ofLowerCeiling) >= 0.7,
      },
      {
        what: '  per second: bare consume; bare insert; ours',
        measured: [consumePerSecond, insertPerSecond, storedPerSecond].map((values) => spread(values, 0)).join('; '),
      },
      {
        what: 'event without recipient, CPU against bare consume',
        measured: spread(dropCpuRatio),
        target: '≤ 1.50',
        met: median(dropCpuRatio) <= 1.5,
      },
      {
        what: `heap after GC over ${memoryEvents} events, last third / first`,
        measured: growth.toFixed(2),
        target: '≤ 1.10',
        met: growth <= 1.1,
      },
    ],
    raw: {
      raw: { consumePerSecond, insertPerSecond, storedPerSecond, ofLowerCeiling, dropCpuRatio, dropCpuMicroseconds },
      heaps,
    },
  };
}
