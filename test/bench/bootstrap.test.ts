import { expect, it } from 'vitest';
import { mergedQuantile, type Pair, quantile, ratioOf } from './bootstrap.ts';

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

it('a quantile is a sample, and NaN of nothing', () => {
  const sorted = Array.from({ length: 100 }, (_, index) => index + 1);
  expect([quantile(sorted, 0), quantile(sorted, 0.5), quantile(sorted, 0.99), quantile(sorted, 1)]).toEqual([
    1, 51, 100, 100,
  ]);
  expect(quantile([], 0.5)).toBeNaN();
});

it('merges the samples of all rounds before it takes a quantile', () => {
  // The mean of the rounds' medians would be 501.
  expect(mergedQuantile(0.5)([[1, 1, 1, 1, 1], [1_001]])).toBe(1);
});

it('has no doubt about rounds that agree', () => {
  const rounds: Pair<number>[] = [1, 2, 3].map((value) => ({ ours: 2 * value, peer: value }));
  expect(ratioOf(rounds, sum)).toEqual({ ratio: 2, lower: 2, upper: 2 });
});

it('has bounds on both sides of the ratio where rounds differ, the same in each run', () => {
  const rounds: Pair<number>[] = [80, 90, 100, 110, 120].map((ours) => ({ ours, peer: 100 }));
  const { ratio, lower, upper } = ratioOf(rounds, sum);
  expect(ratio).toBe(1);
  expect(lower).toBeGreaterThan(0.8);
  expect(lower).toBeLessThan(1);
  expect(upper).toBeGreaterThan(1);
  expect(upper).toBeLessThan(1.2);
  expect(ratioOf(rounds, sum)).toEqual({ ratio, lower, upper });
});
