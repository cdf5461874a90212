import type { Clock, Timer } from '#shared/runtime/clock.ts';

/** Waits for `promise`, but no longer than that. */
export async function within(clock: Clock, timeoutMs: number, promise: Promise<unknown>): Promise<void> {
  let timer: Timer | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = clock.after(timeoutMs, resolve);
  });
  await Promise.race([promise, timeout]);
  timer?.cancel();
}
