import { expect, it } from 'vitest';
import { chatHouse } from './chat-house.ts';
import { survives } from './survives.ts';

it('whatever breaks and whoever comes and goes, every list equals the store in the end', async () => {
  await survives(chatHouse, 300);
}, 900_000);

it('a seed runs the same way each time', async () => {
  const { simulate, makeSchedule } = chatHouse;
  const digest = async (seed: number) => (await simulate(seed, makeSchedule(seed))).digest;
  expect(await digest(7)).toBe(await digest(7));
  expect(await digest(8)).not.toBe(await digest(7));
});
