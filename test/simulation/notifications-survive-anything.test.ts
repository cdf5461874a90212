import { describe, expect, it } from 'vitest';
import { notificationHouse } from './notification-house.ts';
import { explain, runSeeds } from './run-seeds.ts';

describe('notifications, whatever breaks', () => {
  it('are shown once and in order by every client that is connected, and equal the store in the end', async () => {
    const { failures } = await runSeeds(notificationHouse, { first: 1, count: 2_000 });
    const [failed] = failures;
    expect(failed && (await explain(notificationHouse, failed.seed))).toBeUndefined();
  }, 600_000);

  it('run the same way for the same seed, and another for another', async () => {
    const digest = async (seed: number) =>
      (await notificationHouse.simulate(seed, notificationHouse.makeSchedule(seed))).digest;
    expect(await digest(7)).toBe(await digest(7));
    expect(await digest(8)).not.toBe(await digest(7));
  });
});
