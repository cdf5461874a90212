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
