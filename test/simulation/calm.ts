import type { Simulation } from '#shared/stream/simulator/simulation.fixture.ts';

export type CalmWorld = {
  readonly platform: {
    readonly simulation: Simulation;
    readonly backplane: { turn(state: 'up' | 'down'): void };
    later(ms: number, run: () => void): void;
    heal(): void;
  };
  /** Somebody writes one row, which all clients are to show. */
  readonly speak: () => void;
  /** Why somebody with a live connection does not show what the store has. */
  readonly notShown: () => Promise<string | undefined>;
};

/** What is pushed is there at once; what has to wait for the next comparison of heads (4 to 6 s) is not. */
const pushedMs = 1_500;

/** Where nothing is broken a row is shown because it is pushed, and right after an outage because heads are compared at once. */
export async function keepsPace({ platform, speak, notShown }: CalmWorld): Promise<string | undefined> {
  const { simulation, backplane } = platform;
  const shown = async (when: string) => {
    await simulation.runTo(simulation.elapsed + pushedMs);
    const reason = await notShown();
    return reason && `${when}, after ${pushedMs} ms: ${reason}`;
  };
  platform.heal();
  speak();
  const slow = await shown('in a calm world');
  if (slow) return slow;
  backplane.turn('down');
  platform.later(300, speak);
  platform.later(450, () => backplane.turn('up'));
  await simulation.runTo(simulation.elapsed + 450);
  return shown('when the backplane is back');
}
