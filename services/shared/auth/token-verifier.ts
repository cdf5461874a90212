import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { PlatformError } from '#shared/contract/errors.ts';
import { isUserId, type UserId } from '#shared/contract/ids.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { hs256Key } from './hs256-key.ts';
import { createJwksKeys, type JwksConfig } from './jwks-keys.ts';
import type { Principal } from './principal.ts';
import { nameIdentifierClaim } from './sonixy-claims.ts';
import { unauthorized } from './unauthorized.ts';

export type TokenConfig = {
  readonly issuer: string;
  readonly audience: string;
  /** 0–60. */
  readonly clockSkewSeconds: number;
  /** One kind only: a verifier that took both could be given an HS256 token signed with a public key. */
  readonly keys: { readonly kind: 'hs256'; readonly secret: string } | ({ readonly kind: 'jwks' } & JwksConfig);
};

/** Port: who a bearer token speaks for. */
export interface TokenVerifier {
  /**
   * @throws PlatformError `unauthorized`, with one fixed text, for whatever is wrong with the token
   * @throws PlatformError `unavailable` while the keys could never be had
   */
  verify(token: string): Promise<Principal>;
}

export type TokenVerifierDeps = {
  readonly clock: Clock;
  readonly log: Logger;
  /** @default the global one */
  readonly fetch?: typeof fetch;
};

const algorithms = { hs256: ['HS256'], jwks: ['RS256', 'ES256', 'EdDSA'] };
const maxTokenLength = 8 * 1024;
const latestDateMs = 8.64e15;

/**
 * The user is the claim `sub`, else .NET's NameIdentifier. Issuer, audience, signature and `exp` must be there and right;
 * `nbf` is honoured.
 *
 * @throws ConfigError when the secret is too short
 */
export function createTokenVerifier(config: TokenConfig, deps: TokenVerifierDeps): TokenVerifier {
  const { clock, log } = deps;
  const keyOf = keysOf(config.keys, deps);
  const options = {
    issuer: config.issuer,
    audience: config.audience,
    algorithms: algorithms[config.keys.kind],
    clockTolerance: config.clockSkewSeconds,
    requiredClaims: ['exp'],
  };
  return {
    async verify(token) {
      try {
        if (token.length > maxTokenLength) throw unauthorized();
        const { payload } = await jwtVerify(token, keyOf, { ...options, currentDate: new Date(clock.now()) });
        return principalOf(payload);
      } catch (error) {
        if (error instanceof PlatformError) throw error;
        // The error itself carries the claims.
        log.debug({ reason: error instanceof errors.JOSEError ? error.code : 'unusable' }, 'token refused');
        throw unauthorized();
      }
    },
  };
}

function keysOf(keys: TokenConfig['keys'], deps: TokenVerifierDeps): JWTVerifyGetKey {
  if (keys.kind === 'jwks') return createJwksKeys(keys, deps);
  const key = hs256Key(keys.secret);
  return () => key;
}

function principalOf(payload: JWTPayload): Principal {
  const user: unknown = payload.sub ?? payload[nameIdentifierClaim];
  if (!isUserId(user) || payload.exp === undefined) throw unauthorized();
  return {
    user: user as UserId,
    tokenId: typeof payload.jti === 'string' ? payload.jti : undefined,
    expiresAt: Math.min(payload.exp * 1000, latestDateMs),
  };
}
