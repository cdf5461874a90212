import { isUserId, type UserId } from './ids.ts';

/** Whose tokens are revoked: all of a user, or the one with this `jti`. */
export type RevokedSubject =
  | { readonly kind: 'user'; readonly id: UserId }
  | { readonly kind: 'token'; readonly id: string };

/** No token of the subject counts before `until`, milliseconds since 1970. */
export type Revocation = RevokedSubject & { readonly until: number };

export const maxTokenIdLength = 256;

/** The end of the year 9999: for good. */
export const latestRevocationMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** More are not taken: every process that checks tokens knows them all. */
export const maxRevocations = 100_000;

/** In one answer of `RevocationSource`. */
export const maxRevocationsPage = 1_000;

/** What `GET /internal/revocations?after=` answers. */
export type RevocationsPage = {
  /** Ascending by `revocationKey`, in the store's own order. */
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

/** The subject of a `revocationKey`. */
export function subjectOfKey(key: string): RevokedSubject {
  const colon = key.indexOf(':');
  const id = key.slice(colon + 1);
  return key.slice(0, colon) === 'user' ? { kind: 'user', id: id as UserId } : { kind: 'token', id };
}

export function isTokenId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= maxTokenIdLength && value.isWellFormed();
}

/**
 * News on the backplane. A revocation counts at once; `lifted` says only that it is time to read again, since frames of
 * several publishers may overtake each other and nobody is let in on doubt.
 */
export type RevocationFrame = Revocation | { readonly kind: 'lifted' };

const version = 1;

/** A version byte and JSON. */
export function encodeRevocationFrame(frame: RevocationFrame): Buffer {
  return Buffer.concat([Buffer.of(version), Buffer.from(JSON.stringify(frame))]);
}

/** undefined for anything else, a frame of a later version included: the next read of the list brings it. */
export function decodeRevocationFrame(bytes: Uint8Array): RevocationFrame | undefined {
  if (bytes[0] !== version) return undefined;
  try {
    return toFrame(JSON.parse(Buffer.from(bytes.subarray(1)).toString()));
  } catch {
    return undefined;
  }
}

function toFrame(value: unknown): RevocationFrame | undefined {
  const { kind, id, until } = (value ?? {}) as Record<string, unknown>;
  if (kind === 'lifted') return { kind };
  if (typeof until !== 'number' || !Number.isSafeInteger(until) || until > latestRevocationMs) return undefined;
  if (kind === 'user' && isUserId(id)) return { kind, id, until };
  return kind === 'token' && isTokenId(id) ? { kind, id, until } : undefined;
}
