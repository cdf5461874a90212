import { PlatformError } from '#shared/contract/errors.ts';

/** One text for every reason, so that an answer teaches nothing about a forged token. */
export function unauthorized(): PlatformError {
  return new PlatformError('unauthorized', 'a valid token is required');
}
