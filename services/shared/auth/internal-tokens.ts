import { errors, jwtVerify, SignJWT } from 'jose';
import { PlatformError } from '#shared/contract/errors.ts';
import type { Clock } from '#shared/runtime/clock.ts';

const audience = 'sonixy-internal';
const lifetimeSeconds = 60;

/** Tokens of calls between our own services: 60 s, signed with `INTERNAL_SECRET`. */
export interface InternalTokens {
  issue(): Promise<string>;
  /** @throws PlatformError `unauthorized` */
  verify(token: string): Promise<void>;
}

export function createInternalTokens(secret: string, clock: Clock): InternalTokens {
  const key = new TextEncoder().encode(secret);
  return {
    issue() {
      const now = Math.floor(clock.now() / 1000);
      return new SignJWT({})
        .setProtectedHeader({ alg: 'HS256' })
        .setAudience(audience)
        .setIssuedAt(now)
        .setExpirationTime(now + lifetimeSeconds)
        .sign(key);
    },
    async verify(token) {
      try {
        // Pods' clocks differ by a little.
        const options = { audience, algorithms: ['HS256'], requiredClaims: ['exp'], clockTolerance: 5 };
        await jwtVerify(token, key, { ...options, currentDate: new Date(clock.now()) });
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof TypeError) {
          throw new PlatformError('unauthorized', 'a valid internal token is required');
        }
        throw error;
      }
    },
  };
}
