import { PlatformError } from '#shared/contract/errors.ts';
import { backoffMs } from '#shared/runtime/backoff.ts';
import type { Logger } from '#shared/runtime/log.ts';

/** For work that nobody waits for: tries again for as long as the store does not answer. */
export async function waitingOut<T>(log: Logger, call: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof PlatformError) || error.code !== 'unavailable') throw error;
      log.warn('the database does not answer, trying again');
      await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt, { baseMs: 200, capMs: 5_000 })));
    }
  }
}
