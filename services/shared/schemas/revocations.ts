import { z } from 'zod';
import { isUserId, type UserId } from '#shared/contract/ids.ts';
import {
  isTokenId,
  latestRevocationMs,
  maxRevocationsPage,
  maxTokenIdLength,
  type Revocation,
  type RevocationsPage,
  type RevokedSubject,
} from '#shared/contract/revocation.ts';

const user = z.custom<UserId>(isUserId, 'must be a user id');
const tokenId = z.custom<string>(isTokenId, `must be a text of 1–${maxTokenIdLength} characters`);
const until = z.int().min(0).max(latestRevocationMs);

export const revocation: z.ZodType<Revocation> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('user'), id: user, until }),
  z.object({ kind: z.literal('token'), id: tokenId, until }),
]);

export const revocationsPage: z.ZodType<RevocationsPage> = z.object({
  revocations: z.array(revocation).max(maxRevocationsPage),
  next: z.string().nullable(),
});

const namedSubject = { userId: user.optional(), jti: tokenId.optional() };
type NamedSubject = { readonly userId?: UserId | undefined; readonly jti?: string | undefined };

const oneOf = 'must name either userId or jti';

function namesOne({ userId, jti }: NamedSubject): boolean {
  return (userId === undefined) !== (jti === undefined);
}

function subjectOf({ userId, jti = '' }: NamedSubject): RevokedSubject {
  return userId === undefined ? { kind: 'token', id: jti } : { kind: 'user', id: userId };
}

/** Whom `DELETE /internal/revocations` names in its query. */
export const revokedSubject = z.object(namedSubject).refine(namesOne, oneOf).transform(subjectOf);

/** What `POST /internal/revocations` takes: a user or a token, and an ISO 8601 time with its offset. */
export const revocationRequest = z
  .strictObject({
    ...namedSubject,
    until: z.iso
      .datetime({ offset: true, error: 'must be a time like 2026-12-31T00:00:00Z' })
      .transform((text) => Date.parse(text))
      .pipe(until),
  })
  .refine(namesOne, oneOf)
  .transform((request): Revocation => ({ ...subjectOf(request), until: request.until }));
