import type { Clock, Timer } from '#shared/runtime/clock.ts';

/** The longest delay that a timer can have. */
const maxDelayMs = 2 ** 31 - 1;

/** Calls back once at `at` (milliseconds since 1970), however far that is. */
export function atTime(clock: Clock, at: number, callback: () => void): Timer {
  let timer: Timer;
  const arm = () => {
    const delayMs = at - clock.now();
    timer = delayMs > maxDelayMs ? clock.after(maxDelayMs, arm) : clock.after(Math.max(0, delayMs), callback);
  };
  arm();
  return { cancel: () => timer.cancel() };
}
