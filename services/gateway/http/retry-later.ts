import { RetryLater } from '#shared/http/retry-later.ts';

/** Sonixy's own text. */
export function rateLimited(retryAfterSeconds: number): RetryLater {
  return new RetryLater('rate_limited', 'Rate limit exceeded. Please try again later.', { retryAfterSeconds });
}

/** Another gateway takes over. */
export function stopping(): RetryLater {
  return new RetryLater('unavailable', 'the gateway stops', { retryAfterSeconds: 1 });
}
