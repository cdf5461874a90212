import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { startRabbitMq } from '#test/dev-env/rabbitmq.ts';
import { startRedis } from '#test/dev-env/redis.ts';
import { queueFiller } from './fill-queue.ts';
import { heapOverEvents } from './memory-bench.ts';
import { type Load, measureBareConsume, measureBareInsert, measureNotification } from './notification-bench.ts';
import { median, spread } from './statistics.ts';

// Ratios within one run, the contenders in turn; absolute figures say more about the machine than about the code.
const rounds = Number(process.env['ROUNDS'] ?? 5);
const stored: Load = { count: 30_000, users: 1_000 };
const dropped: Load = { count: 60_000, users: 0 };
const memoryEvents = Number(process.env['MEMORY_EVENTS'] ?? 500_000);

await using rabbitmq = await startRabbitMq();
await using redis = await startRedis();
await using filler = await queueFiller(rabbitmq.url);
const servers = { amqpUrl: rabbitmq.url, redisUrl: redis.url, filler };

const raw: Record<string, number[]> = {
  consumePerSecond: [],
  insertPerSecond: [],
  storedPerSecond: [],
  ofLowerCeiling: [],
  dropCpuRatio: [],
  dropCpuMicroseconds: [],
};
for (let round = 0; round <= rounds; round += 1) {
  const consume = await measureBareConsume(servers, stored);
  const insert = await measureBareInsert(stored);
  const ours = await measureNotification(servers, stored);
  const bareDrop = await measureBareConsume(servers, dropped);
  const ourDrop = await measureNotification(servers, dropped);
  const warmUp = round === 0;
  const perSecond = (seconds: number) => stored.count / seconds;
  const ceiling = Math.min(perSecond(consume.seconds), perSecond(insert));
  const line = `${Math.round(perSecond(ours.seconds))}/s stored and pushed, ceiling ${Math.round(ceiling)}/s`;
  process.stdout.write(
    `${warmUp ? 'warm-up' : `round ${round}`}: ${line}, drop ${(ourDrop.cpuSeconds / bareDrop.cpuSeconds).toFixed(2)}×\n`,
  );
  if (warmUp) continue;
  raw['consumePerSecond']?.push(perSecond(consume.seconds));
  raw['insertPerSecond']?.push(perSecond(insert));
  raw['storedPerSecond']?.push(perSecond(ours.seconds));
  raw['ofLowerCeiling']?.push(perSecond(ours.seconds) / ceiling);
  raw['dropCpuRatio']?.push(ourDrop.cpuSeconds / bareDrop.cpuSeconds);
  raw['dropCpuMicroseconds']?.push((ourDrop.cpuSeconds / dropped.count) * 1e6);
}
const heaps = await heapOverEvents(servers, memoryEvents);
const third = Math.floor(heaps.length / 3);
const growth = median(heaps.slice(-third)) / median(heaps.slice(0, third));

const values = (name: string) => raw[name] ?? [];
process.stdout.write(`
${rounds} rounds, median (lowest–highest), Node ${process.version}, ${cpus().length} cores
  RabbitMQ → SQLite → push, of the lower ceiling       ${spread(values('ofLowerCeiling'))}   target ≥ 0.70
    ceilings: bare consume ${spread(values('consumePerSecond'), 0)}/s, bare insert ${spread(values('insertPerSecond'), 0)}/s; ours ${spread(values('storedPerSecond'), 0)}/s
  event without recipient, CPU against bare consume    ${spread(values('dropCpuRatio'))}   target ≤ 1.50
  heap after GC over ${memoryEvents} events, last third / first   ${growth.toFixed(2)}   target ≤ 1.10
`);
mkdirSync('test-output', { recursive: true });
writeFileSync('test-output/bench.json', JSON.stringify({ raw, heaps }, null, 2));
