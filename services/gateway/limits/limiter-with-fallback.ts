import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { RateLimiter, SharedLimiter } from './rate-limiter.ts';

export type LimiterWithFallbackOptions = {
  readonly shared: SharedLimiter;
  readonly local: RateLimiter;
  readonly clock: Clock;
  readonly log: Logger;
  /** Pause between two looks whether the shared counters are back. @default 1,000 */
  readonly retryEveryMs?: number;
};

export interface LimiterWithFallback extends RateLimiter {
  readonly counting: 'shared' | 'local';
}

/**
 * Counts together while that works and alone while it does not: nobody is refused, and nobody waits, because the shared
 * counters are out. Never rejects.
 */
export function createLimiterWithFallback(options: LimiterWithFallbackOptions): LimiterWithFallback {
  const { shared, local, clock, log, retryEveryMs = 1_000 } = options;
  let counting: 'shared' | 'local' = 'local';
  let closed = false;
  let timer: Timer | undefined;

  // Beside the requests, so that none of them has to find out.
  async function look(): Promise<void> {
    try {
      await shared.look();
      if (closed) return;
      counting = 'shared';
      log.info('rates are counted together with the other gateways');
    } catch {
      lookLater();
    }
  }

  function lookLater(): void {
    if (!closed) timer = clock.after(retryEveryMs, () => void look());
  }

  function goLocal(): void {
    if (counting === 'local' || closed) return;
    counting = 'local';
    log.warn('Redis does not answer: rates are counted by this gateway alone');
    lookLater();
  }

  void look();
  return {
    get counting() {
      return counting;
    },
    async consume(limit, key) {
      if (counting === 'shared') {
        try {
          return await shared.consume(limit, key);
        } catch {
          goLocal();
        }
      }
      return local.consume(limit, key);
    },
    async close() {
      closed = true;
      timer?.cancel();
      await shared.close();
      await local.close();
    },
  };
}
