import { expect } from 'vitest';
import { explain, type House, runSeeds } from './run-seeds.ts';

/** @throws with the shortest schedule of the first seed that fails */
export async function survives<Step>(house: House<Step>, count: number): Promise<void> {
  const { failures } = await runSeeds(house, { first: 1, count });
  const [failed] = failures;
  expect(failed && (await explain(house, failed.seed))).toBeUndefined();
}
