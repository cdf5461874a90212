import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';

export type IssueOptions = {
  readonly secret: string;
  readonly issuer: string;
  readonly audience: string;
  readonly user: string;
  readonly lifetimeSeconds: number;
};

const nameIdentifier = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier';

/** A token as Sonixy's identity service writes it: HS256, the user id twice. */
export async function issueToken({ secret, issuer, audience, user, lifetimeSeconds }: IssueOptions): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  return new SignJWT({ [nameIdentifier]: user })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setSubject(user)
    .setJti(randomUUID())
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(now)
    .setExpirationTime(now + lifetimeSeconds)
    .sign(new TextEncoder().encode(secret));
}
