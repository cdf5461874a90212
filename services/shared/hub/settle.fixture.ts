import { eventually } from '#test/eventually.ts';
import type { FakeClock } from '#test/fake-clock.ts';

/** Lets the hub's timers fire, also those that are set meanwhile, until it is as wanted. */
export async function settle(clock: FakeClock, isWanted: () => boolean, what: string | (() => string)): Promise<void> {
  await eventually(
    () => {
      if (isWanted()) return undefined;
      clock.advance(50);
      return typeof what === 'string' ? what : what();
    },
    { everyMs: 2 },
  );
}

export const until = (isWanted: () => boolean, what: string) =>
  eventually(() => (isWanted() ? undefined : what), { everyMs: 2 });

/** Lets pass what goes on without time: reads that are answered at once, and what follows from them. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
