import { broken, unsettled } from './notification-oracle.ts';
import { NotificationWorld } from './notification-world.ts';
import type { Outcome } from './outcome.ts';
import { type Step, scheduleMs } from './schedule.ts';

/** The SDK waits up to 30 s before it connects again and as long before it reads again; the hub compares heads each 6 s. */
const boundMs = 75_000;

/** Runs one schedule of the notification service. The same seed and steps give the same run. */
export async function simulateNotifications(seed: number, steps: readonly Step[]): Promise<Outcome> {
  const world = new NotificationWorld(seed);
  const { simulation } = world;
  const outcome = (failure: string | undefined): Outcome => ({
    failure,
    settledMs: simulation.elapsed - scheduleMs,
    tasks: simulation.tasks,
    digest: simulation.digest,
  });
  try {
    world.schedule(steps);
    await simulation.runTo(scheduleMs + 500);
    for (;;) {
      const reason = await unsettled(world);
      if (reason === undefined) break;
      if (simulation.elapsed >= scheduleMs + boundMs) return outcome(`not settled after ${boundMs} ms: ${reason}`);
      await simulation.runTo(simulation.elapsed + 500);
    }
    const settled = outcome(undefined);
    // It must stay so: late frames, late closes and another comparison of heads.
    await simulation.runTo(simulation.elapsed + 8_000);
    const failure = (await unsettled(world)) ?? (await broken(world));
    return { ...settled, failure: failure === undefined ? undefined : `in the end: ${failure}` };
  } catch (error) {
    return outcome(`threw ${error instanceof Error ? error.stack : String(error)}`);
  } finally {
    await world.close();
  }
}
