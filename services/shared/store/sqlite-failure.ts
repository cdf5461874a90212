import { PlatformError } from '#shared/contract/errors.ts';

const primaryCodes = {
  readOnly: 8,
  interrupted: 9,
  io: 10,
  full: 13,
  cannotOpen: 14,
  busy: 5,
  locked: 6,
  noMemory: 7,
  protocol: 15,
};
const outages = new Set(Object.values(primaryCodes));

/** Another process writes: the same call succeeds a moment later. */
export function isLocked(error: unknown): boolean {
  const code = primaryCode(error);
  return code === primaryCodes.busy || code === primaryCodes.locked || code === primaryCodes.protocol;
}

/** The driver's text stays in the cause. */
export function toPlatformError(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  const code = primaryCode(error);
  return code !== undefined && outages.has(code)
    ? new PlatformError('unavailable', 'the store does not answer', { cause: error })
    : new PlatformError('internal', 'the store refused the call', { cause: error });
}

function primaryCode(error: unknown): number | undefined {
  const code = error instanceof Error && 'errcode' in error ? error.errcode : undefined;
  return typeof code === 'number' ? code & 0xff : undefined;
}
