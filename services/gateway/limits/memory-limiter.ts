import { RateLimiterMemory } from 'rate-limiter-flexible';
import { countersOf, verdictOf } from './counted.ts';
import type { RateLimiter } from './rate-limiter.ts';

/** Counts the calls of this process. A key is forgotten when its window ends. */
export function createMemoryLimiter(): RateLimiter {
  const counterOf = countersOf(
    ({ name, points, windowSeconds }) => new RateLimiterMemory({ keyPrefix: name, points, duration: windowSeconds }),
  );
  return {
    consume: (limit, key) => verdictOf(counterOf(limit).consume(key)),
    async close() {},
  };
}
