import { randomBytes } from 'node:crypto';

/** Name of a new life of a store: as `Cursor` allows it, and never given twice. */
export function newEpoch(): string {
  return randomBytes(9).toString('base64url');
}
