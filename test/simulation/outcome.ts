export type Outcome = {
  /** undefined: everything that was promised was kept. */
  readonly failure: string | undefined;
  /** From the end of all faults until every list was the store's. */
  readonly settledMs: number;
  readonly tasks: number;
  /** Equal for equal runs. */
  readonly digest: number;
};

/** Runs one schedule. The same seed and steps give the same run. */
export type Simulate<Step> = (seed: number, steps: readonly Step[]) => Promise<Outcome>;
