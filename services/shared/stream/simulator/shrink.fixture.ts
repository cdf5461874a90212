/** Drops steps, in ever smaller runs, while what is left still fails. At most `maxRuns` runs. */
export async function shrink<Step>(
  steps: readonly Step[],
  fails: (steps: readonly Step[]) => Promise<boolean>,
  maxRuns = 400,
): Promise<readonly Step[]> {
  let shortest = steps;
  let runs = 0;
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < shortest.length && runs < maxRuns; ) {
      const fewer = [...shortest.slice(0, start), ...shortest.slice(start + size)];
      runs += 1;
      if (await fails(fewer)) shortest = fewer;
      else start += size;
    }
  }
  return shortest;
}
