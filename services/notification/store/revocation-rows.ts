import { PlatformError } from '#shared/contract/errors.ts';
import { type RevocationsPage, revocationKey, subjectOfKey } from '#shared/contract/revocation.ts';

/** `Until`: milliseconds since 1970. */
export type RevocationRow = { readonly Key: string; readonly Until: number };

/** A page of rows, of which there is one more if another page follows. */
export function toRevocationsPage(rows: readonly RevocationRow[], pageSize: number): RevocationsPage {
  const revocations = rows.slice(0, pageSize).map(({ Key, Until }) => ({ ...subjectOfKey(Key), until: Until }));
  const last = revocations.at(-1);
  return { revocations, next: last && rows.length > pageSize ? revocationKey(last) : null };
}

export function tooManyRevocations(max: number): PlatformError {
  return new PlatformError(
    'conflict',
    `there are ${max} revocations already: lift some, or wait until some have ended`,
  );
}
