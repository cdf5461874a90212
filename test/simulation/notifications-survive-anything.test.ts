import { expect, it } from 'vitest';
import { notificationHouse } from './notification-house.ts';
import { survives } from './survives.ts';

it('whatever breaks, every list equals the store in the end, and nobody who is connected misses a row', async () => {
  await survives(notificationHouse, 1_700);
}, 900_000);

it('a seed runs the same way each time', async () => {
  const { simulate, makeSchedule } = notificationHouse;
  const digest = async (seed: number) => (await simulate(seed, makeSchedule(seed))).digest;
  expect(await digest(7)).toBe(await digest(7));
  expect(await digest(8)).not.toBe(await digest(7));
});
