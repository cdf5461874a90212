import type { EnvReader } from '#shared/runtime/config.ts';
import type { TokenConfig } from './token-verifier.ts';

const minSecretBytes = 32;

/** `JWT_ISSUER`, `JWT_AUDIENCE`, `JWT_CLOCK_SKEW_SECONDS`, and either `JWT_HS256_SECRET` (or `_FILE`) or `JWT_JWKS_URL`. */
export function readTokenConfig(env: EnvReader): TokenConfig {
  const secret = env.optionalSecret('JWT_HS256_SECRET');
  const url = env.optionalUrl('JWT_JWKS_URL', { protocols: ['https:', 'http:'] });
  if ((secret === undefined) === (url === undefined)) {
    env.fault('set either JWT_HS256_SECRET (or JWT_HS256_SECRET_FILE) or JWT_JWKS_URL');
  }
  if (secret !== undefined && Buffer.byteLength(secret) < minSecretBytes) {
    env.fault(`JWT_HS256_SECRET must have at least ${minSecretBytes} bytes`);
  }
  if (url !== undefined && !isSafe(url)) env.fault('JWT_JWKS_URL must be https, or http on loopback');
  return {
    issuer: env.text('JWT_ISSUER', { default: 'Sonixy.IdentityService' }),
    audience: env.text('JWT_AUDIENCE', { default: 'Sonixy.Client' }),
    clockSkewSeconds: env.integer('JWT_CLOCK_SKEW_SECONDS', { default: 0, min: 0, max: 60 }),
    keys: url === undefined ? { kind: 'hs256', secret: secret ?? '' } : { kind: 'jwks', url },
  };
}

function isSafe(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { protocol, hostname } = new URL(url);
  return protocol === 'https:' || ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
}
