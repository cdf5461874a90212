import { PlatformError } from '#shared/contract/errors.ts';

/**
 * Stores keep UTF-8: of half a surrogate pair they would make another character.
 *
 * @throws PlatformError `bad_request`
 */
export function assertStorable(...texts: readonly string[]): void {
  if (!texts.every((text) => text.isWellFormed())) {
    throw new PlatformError('bad_request', 'text must be well-formed Unicode, got half a surrogate pair');
  }
}
