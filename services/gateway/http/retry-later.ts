import { PlatformError } from '#shared/contract/errors.ts';

/** A refusal that tells when to come back. */
export class RetryLater extends PlatformError {
  override readonly name = 'RetryLater';
  readonly retryAfterSeconds: number;

  constructor(
    code: 'rate_limited' | 'unavailable',
    message: string,
    { retryAfterSeconds, cause }: { retryAfterSeconds: number; cause?: unknown },
  ) {
    super(code, message, cause === undefined ? {} : { cause });
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** Sonixy's own text. */
export function rateLimited(retryAfterSeconds: number): RetryLater {
  return new RetryLater('rate_limited', 'Rate limit exceeded. Please try again later.', { retryAfterSeconds });
}

/** Another gateway takes over. */
export function stopping(): RetryLater {
  return new RetryLater('unavailable', 'the gateway stops', { retryAfterSeconds: 1 });
}
