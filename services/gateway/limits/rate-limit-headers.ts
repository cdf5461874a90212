import type { ServerResponse } from 'node:http';
import type { Limit, Verdict } from './rate-limiter.ts';

/**
 * `RateLimit` and `RateLimit-Policy` as in the IETF's draft-ietf-httpapi-ratelimit-headers (10): `q` calls in `w` seconds,
 * of which `r` are left for `t` seconds.
 */
export function setRateLimitHeaders(response: ServerResponse, limit: Limit, { remaining, resetMs }: Verdict): void {
  response.setHeader('RateLimit-Policy', `"${limit.name}";q=${limit.points};w=${limit.windowSeconds}`);
  response.setHeader('RateLimit', `"${limit.name}";r=${remaining};t=${secondsOf(resetMs)}`);
}

/** Whole seconds, rounded up: whoever comes back then is let in. */
export function secondsOf(ms: number): number {
  return Math.ceil(ms / 1_000);
}
