import { z } from 'zod';
import { isUserId, type UserId } from './ids.ts';
import { redisPrefix } from './names.ts';

/** Whose tokens are revoked: all of a user, or the one with this `jti`. */
export type RevokedSubject =
  | { readonly kind: 'user'; readonly id: UserId }
  | { readonly kind: 'token'; readonly id: string };

/** No token of the subject counts before `until`, milliseconds since 1970. */
export type Revocation = RevokedSubject & { readonly until: number };

export const maxTokenIdLength = 256;
/** The end of the year 9999: for good. */
export const latestRevocationMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** In one answer of `RevocationSource`. */
export const maxRevocationsPage = 1_000;

export type RevocationsPage = {
  /** Ascending by `revocationKey`. */
  readonly revocations: readonly Revocation[];
  /** Ask again after this one; null at the end. */
  readonly next: string | null;
};

/** Port: what is in force now, for whoever starts or was cut off. */
export interface RevocationSource {
  /** Those after the key `after`, undefined from the beginning. @throws PlatformError `unavailable` */
  inForce(after: string | undefined): Promise<RevocationsPage>;
}

/** Unique per subject. */
export function revocationKey({ kind, id }: RevokedSubject): string {
  return `${kind}:${id}`;
}

const tokenId = z
  .string()
  .min(1)
  .max(maxTokenIdLength)
  .refine((text) => text.isWellFormed());
const until = z.int().min(0).max(latestRevocationMs);

export const revocationSchema: z.ZodType<Revocation> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('user'), id: z.custom<UserId>(isUserId), until }),
  z.object({ kind: z.literal('token'), id: tokenId, until }),
]);

/** What `POST /internal/revocations` takes: a user or a token, and an ISO 8601 time; one that is past lifts it. */
export const revocationRequestSchema = z
  .strictObject({
    userId: z.custom<UserId>(isUserId).optional(),
    jti: tokenId.optional(),
    until: z.iso
      .datetime({ offset: true })
      .transform((text) => Date.parse(text))
      .pipe(until),
  })
  .refine(({ userId, jti }) => (userId === undefined) !== (jti === undefined), 'either userId or jti')
  .transform(
    ({ userId, jti, until }): Revocation =>
      userId === undefined ? { kind: 'token', id: jti ?? '', until } : { kind: 'user', id: userId, until },
  );

/** The backplane's channel that everybody who checks tokens listens to. */
export const revocationsChannel = `${redisPrefix}revocations`;

const version = 1;

/** A revocation on the backplane; `until` in the past: it was lifted. */
export function encodeRevocationFrame(revocation: Revocation): Buffer {
  return Buffer.concat([Buffer.of(version), Buffer.from(JSON.stringify(revocation))]);
}

/** undefined for anything else: the next read of the list brings it. */
export function decodeRevocationFrame(bytes: Uint8Array): Revocation | undefined {
  if (bytes[0] !== version) return undefined;
  try {
    return revocationSchema.safeParse(JSON.parse(Buffer.from(bytes.subarray(1)).toString())).data;
  } catch {
    return undefined;
  }
}
