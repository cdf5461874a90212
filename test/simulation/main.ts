import { chatHouse } from './chat-house.ts';
import { notificationHouse } from './notification-house.ts';
import { explain, type House, runSeeds } from './run-seeds.ts';

// make simulate SEED=1 SEEDS=1 HOUSE=notifications: runs that many seeds from the first on, prints what fails and why.
const houses = [notificationHouse, chatHouse] as readonly unknown[] as readonly House<unknown>[];
const first = Number(process.env['SEED'] || 1);
const count = Number(process.env['SEEDS'] || (process.env['SEED'] ? 1 : 2_000));

for (const house of houses.filter(({ name }) => [undefined, '', name].includes(process.env['HOUSE']))) {
  const startedAt = performance.now();
  const before = process.cpuUsage();
  const { failures, settledMs } = await runSeeds(house, { first, count, maxFailures: Number.POSITIVE_INFINITY });
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(before);
  const perSecond = `${(count / seconds).toFixed(0)} seeds/s, ${(count / ((user + system) / 1e6)).toFixed(0)} per CPU second`;
  console.log(
    `${house.name}: ${failures.length} of ${count} seeds failed; settled within ${settledMs / 1_000} s; ${perSecond}`,
  );
  for (const { seed } of failures.slice(0, 5)) console.log(await explain(house, seed));
  const others = failures.slice(5).map(({ seed }) => seed);
  if (others.length > 0) console.log(`and ${others.join(' ')}`);
  if (failures.length > 0) process.exitCode = 1;
}
