import { setTimeout as sleep } from 'node:timers/promises';
import { backoffMs } from '#shared/runtime/backoff.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { StartError } from '#shared/runtime/start-error.ts';
import { KubeProblem } from './kube-problem.ts';

export type UntilAnsweredOptions = {
  readonly waitMs: number;
  readonly log: Logger;
  /** Ends the wait. */
  readonly signal?: AbortSignal;
};

const pause = { baseMs: 250, capMs: 10_000 };

/**
 * Runs `attempt`, which may be begun anew at any point, until the API server lets it end. Why it waits is logged each time.
 *
 * @throws StartError when `waitMs` are over; what `attempt` throws beside problems that pass
 */
export async function untilAnswered<T>(
  attempt: () => Promise<T>,
  { waitMs, log, signal }: UntilAnsweredOptions,
): Promise<T> {
  const end = Date.now() + waitMs;
  for (let attempts = 0; ; attempts++) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof KubeProblem) || !error.isPassing) throw error;
      if (Date.now() >= end) {
        throw new StartError(`the Kubernetes API did not let this end within ${waitMs / 1_000} s: ${error.message}`);
      }
      log.warn({ reason: error.message }, 'waiting for the Kubernetes API');
      await sleep(backoffMs(attempts, pause), undefined, signal ? { signal } : {});
    }
  }
}
