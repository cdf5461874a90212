import { type RateLimiterAbstract, RateLimiterRes } from 'rate-limiter-flexible';
import type { Limit, Verdict } from './rate-limiter.ts';

/** One counter of the library per limit, made when first asked for. */
export function countersOf(make: (limit: Limit) => RateLimiterAbstract): (limit: Limit) => RateLimiterAbstract {
  const counters = new Map<string, RateLimiterAbstract>();
  return (limit) => {
    const known = counters.get(limit.name);
    if (known) return known;
    const made = make(limit);
    counters.set(limit.name, made);
    return made;
  };
}

/** The library rejects with its result when the call is one too many. */
export async function verdictOf(counting: Promise<RateLimiterRes>): Promise<Verdict> {
  const [allowed, result] = await counting.then(
    (counted) => [true, counted] as const,
    (refused: unknown) => {
      if (refused instanceof RateLimiterRes) return [false, refused] as const;
      throw refused;
    },
  );
  return { allowed, remaining: result.remainingPoints, resetMs: Math.max(1, result.msBeforeNext) };
}
