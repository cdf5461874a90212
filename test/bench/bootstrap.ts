import { SeededRandom } from '#shared/stream/simulator/seeded-random.fixture.ts';

/** What one round measured of both systems, one right after the other. */
export type Pair<T> = { readonly ours: T; readonly peer: T };

export type Ratio = {
  /** Ours over the peer's, of all rounds together. */
  readonly ratio: number;
  /** One-sided bounds of 95 % each. */
  readonly lower: number;
  readonly upper: number;
};

const resamples = 2_000;

/**
 * The ratio of a statistic of all rounds and its bounds by a bootstrap over rounds. Rounds are drawn and not samples: those
 * of one round share its luck, and would make the bounds too narrow.
 */
export function ratioOf<T>(rounds: readonly Pair<T>[], statistic: (values: readonly T[]) => number): Ratio {
  const random = new SeededRandom(1);
  const of = (drawn: readonly Pair<T>[]) =>
    statistic(drawn.map(({ ours }) => ours)) / statistic(drawn.map(({ peer }) => peer));
  const ratios = Array.from({ length: resamples }, () => of(rounds.map(() => random.pick(rounds)))).sort(
    (a, b) => a - b,
  );
  return { ratio: of(rounds), lower: quantile(ratios, 0.05), upper: quantile(ratios, 0.95) };
}

/** Of all samples of all rounds: percentiles are never averaged. */
export function mergedQuantile(share: number): (rounds: readonly (readonly number[])[]) => number {
  return (rounds) => quantile(Float64Array.from(rounds.flat()).sort(), share);
}

/** @param sorted from the least to the greatest; NaN where there is none */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
