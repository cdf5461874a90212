import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { hs256Key } from './hs256-key.ts';
import { nameIdentifierClaim } from './sonixy-claims.ts';

export type IssueTokenOptions = {
  /** At least 32 bytes. */
  readonly secret: string;
  readonly issuer: string;
  readonly audience: string;
  readonly user: string;
  readonly lifetimeSeconds: number;
  /** Milliseconds since 1970. @default now */
  readonly nowMs?: number;
};

/** An HS256 access token with the claims that Sonixy's identity service writes, for the demo, tests and `make token`. */
export async function issueToken(options: IssueTokenOptions): Promise<string> {
  const { secret, issuer, audience, user, lifetimeSeconds, nowMs = Date.now() } = options;
  return new SignJWT({ [nameIdentifierClaim]: user })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(user)
    .setJti(randomUUID())
    .setIssuer(issuer)
    .setAudience(audience)
    .setExpirationTime(Math.floor(nowMs / 1000) + lifetimeSeconds)
    .sign(await hs256Key(secret));
}
