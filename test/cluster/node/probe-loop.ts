import { setTimeout as sleep } from 'node:timers/promises';
import type { Probe } from '../api/pod-spec.ts';
import { attempt, type Target } from './attempt.ts';

/** Runs a probe until the signal aborts; `tell` hears each result that its thresholds allow, with the reason of a failure. */
export async function probeLoop(
  probe: Probe,
  target: Target,
  signal: AbortSignal,
  tell: (good: boolean, why: string) => void,
): Promise<void> {
  const { initialDelaySeconds = 0, periodSeconds = 10, timeoutSeconds = 1 } = probe;
  const { successThreshold = 1, failureThreshold = 3 } = probe;
  const pause = (seconds: number) => sleep(seconds * 1000, undefined, { signal });
  try {
    await pause(initialDelaySeconds);
    let good = 0;
    let bad = 0;
    for (;;) {
      let why = '';
      try {
        await attempt(probe, target, timeoutSeconds * 1000);
        good += 1;
        bad = 0;
      } catch (error) {
        why = error instanceof Error ? error.message : String(error);
        bad += 1;
        good = 0;
      }
      if (signal.aborted) return;
      if (good === successThreshold) tell(true, '');
      if (bad === failureThreshold) tell(false, why);
      await pause(periodSeconds);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
