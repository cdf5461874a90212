import { jwtVerify, SignJWT } from 'jose';
import type { Clock } from '#shared/runtime/clock.ts';
import { hs256Key } from './hs256-key.ts';
import { unauthorized } from './unauthorized.ts';

/** Proof that a call between our services comes from one of them. */
export type InternalTokens = {
  /** A token for calls that start within the next 60 s. */
  issue(): Promise<string>;
  /** @throws PlatformError `unauthorized` */
  verify(token: string): Promise<void>;
};

const audience = 'sonixy-internal';
const lifetimeSeconds = 60;

/** @param secret `INTERNAL_SECRET`, at least 32 bytes */
export function createInternalTokens(secret: string, clock: Clock): InternalTokens {
  const key = hs256Key(secret);
  return {
    async issue() {
      return new SignJWT()
        .setProtectedHeader({ alg: 'HS256' })
        .setAudience(audience)
        .setExpirationTime(Math.floor(clock.now() / 1000) + lifetimeSeconds)
        .sign(await key);
    },
    async verify(token) {
      const options = { audience, algorithms: ['HS256'], requiredClaims: ['exp'], currentDate: new Date(clock.now()) };
      await jwtVerify(token, await key, options).catch(() => {
        throw unauthorized();
      });
    },
  };
}
