import { MongoBulkWriteError, MongoError, MongoServerError } from 'mongodb';
import { PlatformError } from '#shared/contract/errors.ts';

/** Answers of a server to a call that will never be right: of another shape, too large, not known there. */
const refusals = new Set([2, 9, 14, 17, 52, 59, 66, 72, 238, 10334, 17280, 17419]);

/** A unique key was taken. Which one, some servers do not say. */
export function isClash(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === 11000;
}

/** `unavailable` unless the call itself is at fault; what the driver says may quote documents, so it goes nowhere. */
export function toPlatformError(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  if (error instanceof MongoServerError) {
    const cause = new Error(`${error.name} ${error.code ?? ''} ${error.codeName ?? ''}`.trim());
    return refusals.has(Number(error.code)) ? refused(cause) : unavailable(cause);
  }
  // The driver's own errors: no server, connection lost, pool cleared. Its complaints about arguments are our bugs.
  if (error instanceof MongoError && !/Argument|API|Parse|Runtime/.test(error.name)) {
    return unavailable(error instanceof MongoBulkWriteError ? undefined : new Error(`${error.name}: ${error.message}`));
  }
  return refused(new Error(error instanceof Error ? error.name : 'unknown'));
}

function unavailable(cause: unknown): PlatformError {
  return new PlatformError('unavailable', 'the store does not answer', { cause });
}

function refused(cause: unknown): PlatformError {
  return new PlatformError('internal', 'the store refused the call', { cause });
}
