import type { EnvReader } from '#shared/runtime/config.ts';
import { minSecretBytes } from './hs256-key.ts';
import type { TokenConfig } from './token-verifier.ts';

export type TokenSetting =
  | 'JWT_ISSUER'
  | 'JWT_AUDIENCE'
  | 'JWT_CLOCK_SKEW_SECONDS'
  | 'JWT_HS256_SECRET'
  | 'JWT_JWKS_URL';

/**
 * `JWT_ISSUER` and `JWT_AUDIENCE` (Sonixy's by default), either `JWT_JWKS_URL` or `JWT_HS256_SECRET` (or its file),
 * `JWT_CLOCK_SKEW_SECONDS` (0). There is no default key.
 */
export function readTokenConfig(env: EnvReader<TokenSetting>): TokenConfig {
  return {
    issuer: env.text('JWT_ISSUER', { default: 'Sonixy.IdentityService' }),
    audience: env.text('JWT_AUDIENCE', { default: 'Sonixy.Client' }),
    clockSkewSeconds: env.integer('JWT_CLOCK_SKEW_SECONDS', { default: 0, min: 0, max: 60 }),
    keys: readKeys(env),
  };
}

function readKeys(env: EnvReader<TokenSetting>): TokenConfig['keys'] {
  const secret = env.optionalSecret('JWT_HS256_SECRET', { minBytes: minSecretBytes });
  const url = env.optionalUrl('JWT_JWKS_URL', { protocols: ['https:', 'http:'] });
  if (secret !== undefined && url !== undefined) {
    env.fault('JWT_JWKS_URL and JWT_HS256_SECRET are both set: one verifier never accepts both kinds, unset one');
  }
  if (secret !== undefined) return { kind: 'hs256', secret };
  if (url === undefined) env.fault('JWT_JWKS_URL or JWT_HS256_SECRET (or JWT_HS256_SECRET_FILE) is required');
  else if (URL.canParse(url) && !isSafeKeyUrl(new URL(url))) {
    env.fault('JWT_JWKS_URL must be an https URL: plain http is for a loopback address only');
  }
  return { kind: 'jwks', url: url ?? '' };
}

function isSafeKeyUrl({ protocol, hostname }: URL): boolean {
  const loopback = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
  return protocol === 'https:' || loopback;
}
