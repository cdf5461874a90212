import { createHash } from 'node:crypto';
import { errors, type JWTPayload, jwtVerify } from 'jose';
import { PlatformError } from '#shared/contract/errors.ts';
import { isUserId } from '#shared/contract/ids.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { createJwksKeys } from './jwks-keys.ts';
import type { Principal } from './principal.ts';

export type TokenConfig = {
  readonly issuer: string;
  readonly audience: string;
  /** @default 0, at most 60 */
  readonly clockSkewSeconds: number;
  readonly keys: HmacKeys | JwksKeys;
};

export type HmacKeys = { readonly kind: 'hs256'; readonly secret: string };

export type JwksKeys = {
  readonly kind: 'jwks';
  /** https, or http on loopback. */
  readonly url: string;
  /** @default 30 s between fetches that an unknown key id causes */
  readonly cooldownMs?: number;
  /** @default 10 min */
  readonly cacheMs?: number;
  /** How long the last good keys serve while the key server is away. @default 1 h */
  readonly outageMs?: number;
};

/** Port: who does a token speak for? */
export interface TokenVerifier {
  /**
   * @throws PlatformError `unauthorized`, with one text for every reason, so that nobody learns which check failed; also
   * when the signer's keys have been out of reach for too long.
   */
  verify(token: string): Promise<Principal>;
}

const maxTokenLength = 16_384;
const nameIdentifier = 'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier';

export function createTokenVerifier(
  config: TokenConfig,
  { clock, log, fetch = globalThis.fetch }: { clock: Clock; log: Logger; fetch?: typeof globalThis.fetch },
): TokenVerifier {
  const checks = { issuer: config.issuer, audience: config.audience, clockTolerance: config.clockSkewSeconds };
  const verifySignature =
    config.keys.kind === 'hs256'
      ? withSecret(config.keys.secret)
      : withKeySet(createJwksKeys(config.keys, { clock, log, fetch }));

  function withSecret(secret: string): (token: string) => Promise<JWTPayload> {
    const key = new TextEncoder().encode(secret);
    return async (token) => {
      const options = { ...checks, algorithms: ['HS256'], requiredClaims: ['exp'], currentDate: new Date(clock.now()) };
      return (await jwtVerify(token, key, options)).payload;
    };
  }

  function withKeySet(keys: ReturnType<typeof createJwksKeys>): (token: string) => Promise<JWTPayload> {
    return async (token) => {
      const algorithms = ['RS256', 'ES256', 'EdDSA'];
      const options = { ...checks, algorithms, requiredClaims: ['exp'], currentDate: new Date(clock.now()) };
      return (await jwtVerify(token, keys.keyFor, options)).payload;
    };
  }

  return {
    async verify(token) {
      if (token.length === 0 || token.length > maxTokenLength) throw unauthorized();
      try {
        return toPrincipal(await verifySignature(token));
      } catch (error) {
        if (error instanceof errors.JOSEError || error instanceof TypeError) {
          log.debug(
            { reason: error instanceof errors.JOSEError ? error.code : 'malformed', token: fingerprint(token) },
            'token refused',
          );
          throw unauthorized();
        }
        throw error;
      }
    },
  };
}

function toPrincipal(payload: JWTPayload): Principal {
  const user = payload.sub ?? payload[nameIdentifier];
  if (!isUserId(user) || payload.exp === undefined) throw unauthorized();
  return { user, tokenId: typeof payload.jti === 'string' ? payload.jti : undefined, expiresAt: payload.exp * 1000 };
}

function unauthorized(): PlatformError {
  return new PlatformError('unauthorized', 'a valid token is required');
}

/** Tells two tokens apart in a log without telling either. */
function fingerprint(token: string): string {
  return createHash('sha256').update(token).digest('base64url').slice(0, 12);
}
