import { shrink } from '#shared/stream/simulator/shrink.fixture.ts';
import type { Outcome, Simulate } from './outcome.ts';

export type House<Step> = {
  readonly name: string;
  readonly simulate: Simulate<Step>;
  readonly makeSchedule: (seed: number) => readonly Step[];
  readonly inWords: (step: Step) => string;
};

export type SeedsRun = {
  readonly failures: readonly { readonly seed: number; readonly outcome: Outcome }[];
  readonly settledMs: number;
};

/** Runs `count` seeds from `first` on; ends early at that many failures. @default 1 */
export async function runSeeds<Step>(
  { simulate, makeSchedule }: House<Step>,
  { first, count, maxFailures = 1 }: { readonly first: number; readonly count: number; readonly maxFailures?: number },
): Promise<SeedsRun> {
  const failures: { seed: number; outcome: Outcome }[] = [];
  let settledMs = 0;
  for (let seed = first; seed < first + count && failures.length < maxFailures; seed += 1) {
    const outcome = await simulate(seed, makeSchedule(seed));
    settledMs = Math.max(settledMs, outcome.settledMs);
    if (outcome.failure !== undefined) failures.push({ seed, outcome });
  }
  return { failures, settledMs };
}

/** The shortest schedule of that seed that still fails, in words. */
export async function explain<Step>(house: House<Step>, seed: number): Promise<string> {
  const fails = async (steps: readonly Step[]) => (await house.simulate(seed, steps)).failure !== undefined;
  const steps = await shrink(house.makeSchedule(seed), fails);
  const { failure } = await house.simulate(seed, steps);
  return [
    `${house.name}, seed ${seed}: ${failure}`,
    ...steps.map((step) => `  ${house.inWords(step)}`),
    `again: make simulate HOUSE=${house.name} SEED=${seed}`,
  ].join('\n');
}
