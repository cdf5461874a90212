import { expect, test } from 'vitest';
import { ConfigError, type Env, readConfig } from '#shared/runtime/config.ts';
import { readTokenConfig } from './token-config.ts';

const base = { JWT_ISSUER: 'i', JWT_AUDIENCE: 'a' };
const secret = 's'.repeat(32);

function faultsOf(env: Env): readonly string[] {
  try {
    readConfig(env, readTokenConfig);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

test('a shared secret', () => {
  expect(readConfig({ ...base, JWT_HS256_SECRET: secret }, readTokenConfig)).toEqual({
    issuer: 'i',
    audience: 'a',
    clockSkewSeconds: 0,
    keys: { kind: 'hs256', secret },
  });
});

test("issuer and audience are Sonixy's unless set", () => {
  expect(readConfig({ JWT_HS256_SECRET: secret }, readTokenConfig)).toMatchObject({
    issuer: 'Sonixy.IdentityService',
    audience: 'Sonixy.Client',
  });
});

test.each(['https://id.example/jwks', 'http://localhost:1/jwks', 'http://127.0.0.1/jwks', 'http://[::1]/jwks'])(
  'keys from %s',
  (url) => {
    const config = readConfig({ ...base, JWT_JWKS_URL: url, JWT_CLOCK_SKEW_SECONDS: '60' }, readTokenConfig);
    expect(config).toMatchObject({ clockSkewSeconds: 60, keys: { kind: 'jwks', url } });
  },
);

test.each([
  'http://id.example/jwks',
  'http://127.0.0.1.evil.example/jwks',
  'http://localhost.evil.example/jwks',
  'http://localhost@evil.example/jwks',
])('refuses plain http to %s', (url) => {
  expect(faultsOf({ ...base, JWT_JWKS_URL: url })).toEqual([
    'JWT_JWKS_URL must be an https URL: plain http is for a loopback address only',
  ]);
});

test('faults name the setting and never the secret', () => {
  expect(faultsOf({})).toEqual(['JWT_JWKS_URL or JWT_HS256_SECRET (or JWT_HS256_SECRET_FILE) is required']);
  expect(faultsOf({ ...base, JWT_HS256_SECRET: 'canary' })).toEqual([
    'JWT_HS256_SECRET must have at least 32 bytes, got 6',
  ]);
  expect(faultsOf({ ...base, JWT_HS256_SECRET: secret, JWT_JWKS_URL: 'https://id.example' })).toEqual([
    'JWT_JWKS_URL and JWT_HS256_SECRET are both set: one verifier never accepts both kinds, unset one',
  ]);
  expect(faultsOf({ ...base, JWT_HS256_SECRET: secret, JWT_CLOCK_SKEW_SECONDS: '61' })).toEqual([
    'JWT_CLOCK_SKEW_SECONDS must be a whole number of 0 to 60, got "61"',
  ]);
});
