import { expect, it } from 'vitest';
import { notificationHouse } from './notification-house.ts';
import type { NotificationStep } from './notification-schedule.ts';

/** A replica freezes with a row in hand that a restore takes back, and wakes up in another life. */
const schedule = (freezeAt: number): NotificationStep[] => [
  { at: 1_000, do: 'publish', count: 3 },
  { at: 3_000, do: 'back-up' },
  { at: 10_000, do: 'publish', count: 4 },
  { at: freezeAt, do: 'freeze-replica', which: 0, ms: 8_000 },
  { at: 10_500, do: 'restore' },
  { at: 25_000, do: 'publish', count: 2 },
];

it('no client keeps a row that a restore took back, nor misses one that took its place', async () => {
  const failures: string[] = [];
  for (let seed = 1; seed <= 60; seed += 1) {
    const { failure } = await notificationHouse.simulate(seed, schedule(10_005 + (seed % 20) * 2));
    if (failure !== undefined) failures.push(`seed ${seed}: ${failure}`);
  }
  expect(failures).toEqual([]);
}, 300_000);
