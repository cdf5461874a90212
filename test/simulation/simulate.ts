import { type CalmWorld, keepsPace } from './calm.ts';
import { scheduleMs } from './faults.ts';
import type { Outcome } from './outcome.ts';

/** A platform with its clients, whose schedule is set. */
export type World = CalmWorld & {
  /** What else holds where nothing is broken. */
  readonly epilogue?: () => Promise<string | undefined>;
  readonly platform: { close(): Promise<void> };
  /** Why it has not come to rest; undefined when every list is the store's. */
  readonly unsettled: () => Promise<string | undefined>;
  /** What was broken on the way; asked when it has come to rest. */
  readonly broken: () => Promise<string | undefined>;
};

/** The SDK waits up to 30 s before it connects again and as long before it reads again; the hub compares heads each 6 s. */
const boundMs = 75_000;

/** Runs to the end of the faults, then until all has come to rest. */
export async function runWorld(world: World): Promise<Outcome> {
  const { platform, unsettled, broken } = world;
  const { simulation } = platform;
  const outcome = (failure: string | undefined): Outcome => ({
    failure,
    settledMs: simulation.elapsed - scheduleMs,
    tasks: simulation.tasks,
    digest: simulation.digest,
  });
  try {
    await simulation.runTo(scheduleMs + 500);
    for (let reason = await unsettled(); reason !== undefined; reason = await unsettled()) {
      if (simulation.elapsed >= scheduleMs + boundMs) return outcome(`not settled after ${boundMs} ms: ${reason}`);
      await simulation.runTo(simulation.elapsed + 500);
    }
    const settled = outcome(undefined);
    // It must stay so: late frames, late closes and another comparison of heads.
    await simulation.runTo(simulation.elapsed + 8_000);
    const failure =
      (await unsettled()) ??
      (await broken()) ??
      (await keepsPace(world)) ??
      (await world.epilogue?.()) ??
      (await broken());
    return { ...settled, failure: failure === undefined ? undefined : `in the end: ${failure}` };
  } catch (error) {
    return outcome(`threw ${error instanceof Error ? error.stack : String(error)}`);
  } finally {
    // A write that has just begun still waits for its turn.
    const closing = platform.close();
    await simulation.runTo(simulation.elapsed + 100);
    await closing;
  }
}
