import { describe, expect, it } from 'vitest';
import { chatHouse } from './chat-house.ts';
import { notificationHouse } from './notification-house.ts';
import { explain, type House, runSeeds } from './run-seeds.ts';

const timeoutMs = 900_000;

async function survives<Step>(house: House<Step>, count: number): Promise<void> {
  const { failures } = await runSeeds(house, { first: 1, count });
  const [failed] = failures;
  expect(failed && (await explain(house, failed.seed))).toBeUndefined();
}

describe('whatever breaks, every list equals the store in the end, and nobody who is connected misses a row', () => {
  it('of notifications', () => survives(notificationHouse, 1_700), timeoutMs);
  it('of messages', () => survives(chatHouse, 300), timeoutMs);
});

describe('a seed', () => {
  it.each([notificationHouse, chatHouse] as readonly unknown[] as readonly House<unknown>[])(
    'runs the same way each time: $name',
    async ({ simulate, makeSchedule }) => {
      const digest = async (seed: number) => (await simulate(seed, makeSchedule(seed))).digest;
      expect(await digest(7)).toBe(await digest(7));
      expect(await digest(8)).not.toBe(await digest(7));
    },
  );
});
