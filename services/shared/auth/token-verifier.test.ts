import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { type JWTPayload, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PlatformError } from '#shared/contract/errors.ts';
import { type Listener, listen } from '#shared/runtime/listen.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { FakeClock } from '#test/fake-clock.ts';
import { nameIdentifierClaim } from './sonixy-claims.ts';
import { issueToken } from './token-issuer.ts';
import { createTokenVerifier, type TokenConfig, type TokenVerifier } from './token-verifier.ts';

const issuer = 'Sonixy.IdentityService';
const audience = 'Sonixy.Client';
const secret = 'a secret that is 32 bytes long!!';
const clock = new FakeClock();
const now = clock.now() / 1000;
const log = createLogger({ name: 'test', level: 'silent' });

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const ed = generateKeyPairSync('ed25519');
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const rsaPublicPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString();

let keyServer: Listener;
let jwksUrl: string;

beforeAll(async () => {
  const keys = [
    { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'rsa', alg: 'RS256' },
    // Leaves the choice of the algorithm to the token.
    { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'any' },
    { ...ec.publicKey.export({ format: 'jwk' }), kid: 'ec', alg: 'ES256' },
    { ...ed.publicKey.export({ format: 'jwk' }), kid: 'ed' },
    // A provider that publishes a symmetric key must not turn HS256 on.
    { kty: 'oct', kid: 'oct', k: Buffer.from(secret).toString('base64url') },
  ];
  const server: Server = createServer((_request, response) => response.end(JSON.stringify({ keys })));
  keyServer = await listen(server, { host: '127.0.0.1', port: 0 });
  jwksUrl = `http://127.0.0.1:${keyServer.port}/jwks`;
});
afterAll(() => keyServer.close());

function verifier(kind: 'hs256' | 'jwks', overrides: Partial<TokenConfig> = {}, at = clock): TokenVerifier {
  const keys = kind === 'hs256' ? ({ kind, secret } as const) : ({ kind, url: jwksUrl } as const);
  return createTokenVerifier({ issuer, audience, clockSkewSeconds: 0, keys, ...overrides }, { clock: at, log });
}

const good: JWTPayload = { iss: issuer, aud: audience, sub: 'alice', exp: now + 900, jti: 'j1' };

type Signing = { readonly key: KeyObject | Uint8Array; readonly alg: string; readonly kid?: string };
const hs256: Signing = { key: Buffer.from(secret), alg: 'HS256' };
const rs256: Signing = { key: rsa.privateKey, alg: 'RS256', kid: 'rsa' };

function sign(payload: JWTPayload, { key, ...header }: Signing): Promise<string> {
  return new SignJWT(payload).setProtectedHeader(header).sign(key);
}

/** Signs what no library would. */
function raw(header: object, payload: object, signature: (input: string) => string): string {
  const input = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.');
  return `${input}.${signature(input)}`;
}

const hmac = (key: string) => (input: string) => createHmac('sha256', key).update(input).digest('base64url');

async function refusal(promise: Promise<unknown>): Promise<{ code: string; message: string; cause: unknown }> {
  const error: PlatformError = await promise.then(
    () => expect.fail('the token was accepted'),
    (reason) => reason,
  );
  return { code: error.code, message: error.message, cause: error.cause };
}

const theOneAnswer = { code: 'unauthorized', message: 'a valid token is required', cause: undefined };

function without(claim: keyof JWTPayload): JWTPayload {
  return Object.fromEntries(Object.entries(good).filter(([name]) => name !== claim));
}

describe.each([
  ['hs256', hs256],
  ['jwks', rs256],
] as const)('claims, with %s', (kind, signing) => {
  test('a good token gives its user, id and expiry', async () => {
    expect(await verifier(kind).verify(await sign(good, signing))).toEqual({
      user: 'alice',
      tokenId: 'j1',
      expiresAt: (now + 900) * 1000,
    });
  });

  test.each<[string, JWTPayload]>([
    ['a list of audiences with ours', { ...good, aud: ['other', audience] }],
    ['nbf in the past', { ...good, nbf: now - 1 }],
    ['an expiry one second ahead', { ...good, exp: now + 1 }],
    ['an expiry in another age', { ...good, exp: 1e300 }],
    ['the longest user id', { ...good, sub: 'x'.repeat(256) }],
    ['no sub but NameIdentifier', { ...without('sub'), [nameIdentifierClaim]: 'alice' }],
    ['no jti', without('jti')],
  ])('takes %s', async (_title, payload) => {
    const principal = await verifier(kind).verify(await sign(payload, signing));
    expect(Number.isNaN(new Date(principal.expiresAt).getTime())).toBe(false);
  });

  test.each<[string, object]>([
    ['another issuer', { ...good, iss: 'evil' }],
    ['no issuer', without('iss')],
    ['another audience', { ...good, aud: 'evil' }],
    ['a list of other audiences', { ...good, aud: ['evil', `${audience}2`] }],
    ['no audience', without('aud')],
    ['no expiry', without('exp')],
    ['an expiry that is text', { ...good, exp: `${now + 900}` }],
    ['an expiry now', { ...good, exp: now }],
    ['an expiry in the past', { ...good, exp: now - 1 }],
    ['nbf in the future', { ...good, nbf: now + 1 }],
    ['nbf that is text', { ...good, nbf: 'x' }],
    ['no user', without('sub')],
    ['a user that is a number', { ...good, sub: 7 }],
    ['a user that is an object', { ...good, sub: { $ne: null } }],
    ['a user that is null', { ...good, sub: null }],
    ['an empty user', { ...good, sub: '' }],
    ['a user id that is too long', { ...good, sub: 'x'.repeat(257) }],
    ['NameIdentifier in a list', { ...without('sub'), [nameIdentifierClaim]: ['alice', 'bob'] }],
  ])('refuses %s', async (_title, payload) => {
    const token = await sign(payload as JWTPayload, signing);
    expect(await refusal(verifier(kind).verify(token))).toEqual(theOneAnswer);
  });

  test('sub decides, even beside NameIdentifier', async () => {
    const both = { ...good, [nameIdentifierClaim]: 'bob' };
    expect((await verifier(kind).verify(await sign(both, signing))).user).toBe('alice');
    const wrong = { ...both, sub: '' };
    expect(await refusal(verifier(kind).verify(await sign(wrong, signing)))).toEqual(theOneAnswer);
  });

  test.each([
    ['exp', 59, 'passes'],
    ['exp', 61, 'fails'],
    ['nbf', -59, 'passes'],
    ['nbf', -61, 'fails'],
  ] as const)('with a skew of 60 s, %s missed by %d s %s', async (claim, seconds, outcome) => {
    const moved = new FakeClock((now + seconds) * 1000);
    const token = await sign({ ...good, [claim]: now }, signing);
    const verified = verifier(kind, { clockSkewSeconds: 60 }, moved).verify(token);
    if (outcome === 'passes') expect((await verified).user).toBe('alice');
    else expect(await refusal(verified)).toEqual(theOneAnswer);
  });

  test.each(['', '.', '..', 'garbage', 'a.b.c', '\0', 'ä.ö.ü', `${'A'.repeat(64 * 1024)}`, 'e30.e30.'])(
    'refuses garbage %#',
    async (token) => {
      expect(await refusal(verifier(kind).verify(token))).toEqual(theOneAnswer);
    },
  );

  test('refuses a huge token though it is signed well', async () => {
    const padded = (length: number) => sign({ ...good, padding: 'x'.repeat(length) }, signing);
    expect((await verifier(kind).verify(await padded(4 * 1024))).user).toBe('alice');
    expect(await refusal(verifier(kind).verify(await padded(64 * 1024)))).toEqual(theOneAnswer);
  });

  test('refuses a token that was cut or changed anywhere', async () => {
    const token = await sign(good, signing);
    const [header = '', payload = '', signature = ''] = token.split('.');
    const asBob = Buffer.from(JSON.stringify({ ...good, sub: 'bob' })).toString('base64url');
    const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`;
    for (const forged of [
      `${header}.${asBob}.${signature}`,
      `${header}.${payload}.${flipped}`,
      `${header}.${payload}.`,
      `${header}.${payload}`,
      token.slice(0, -8),
    ]) {
      expect(await refusal(verifier(kind).verify(forged))).toEqual(theOneAnswer);
    }
    expect((await verifier(kind).verify(token)).user).toBe('alice');
  });

  test.each(['none', 'None', 'NONE', ''])('refuses the algorithm %j', async (alg) => {
    for (const signature of ['', 'AAAA']) {
      const token = raw({ alg, kid: signing.kid }, good, () => signature);
      expect(await refusal(verifier(kind).verify(token))).toEqual(theOneAnswer);
    }
  });

  test('refuses a critical header that nobody knows', async () => {
    const token = raw({ alg: 'HS256', crit: ['x'], x: 1 }, good, hmac(secret));
    expect(await refusal(verifier(kind).verify(token))).toEqual(theOneAnswer);
  });
});

describe('keys', () => {
  test.each<Signing>([
    rs256,
    { ...rs256, kid: 'any' },
    { key: ec.privateKey, alg: 'ES256', kid: 'ec' },
    { key: ed.privateKey, alg: 'EdDSA', kid: 'ed' },
  ])('JWKS takes $alg of key $kid', async (signing) => {
    expect((await verifier('jwks').verify(await sign(good, signing))).user).toBe('alice');
  });

  test.each<[string, () => Promise<string> | string]>([
    ['HS256 signed with the RSA public key', () => raw({ alg: 'HS256', kid: 'rsa' }, good, hmac(rsaPublicPem))],
    ['HS256 signed with a symmetric key of the set', () => sign(good, { ...hs256, kid: 'oct' })],
    ['an unknown kid', () => sign(good, { ...rs256, kid: 'other' })],
    ["a stranger's key under a known kid", () => sign(good, { ...rs256, key: stranger.privateKey })],
    ['RS256 under the kid of another kind', () => sign(good, { ...rs256, kid: 'ec' })],
    ['an algorithm that is not configured', () => sign(good, { ...rs256, alg: 'RS512' })],
    ['RS512 with a key for anything', () => sign(good, { ...rs256, kid: 'any', alg: 'RS512' })],
    ['PS256 with a key for anything', () => sign(good, { ...rs256, kid: 'any', alg: 'PS256' })],
    ['PS256 with a good key', () => sign(good, { ...rs256, alg: 'PS256' })],
    ['a kid that is no text', () => raw({ alg: 'RS256', kid: { $ne: 1 } }, good, () => 'AAAA')],
    [
      'a key that the token brings along',
      () => {
        const jwk = stranger.publicKey.export({ format: 'jwk' });
        return new SignJWT(good).setProtectedHeader({ alg: 'RS256', jwk }).sign(stranger.privateKey);
      },
    ],
  ])('JWKS refuses %s', async (_title, forge) => {
    expect(await refusal(verifier('jwks').verify(await forge()))).toEqual(theOneAnswer);
  });

  test.each<[string, () => Promise<string> | string]>([
    ['another secret', () => sign(good, { ...hs256, key: Buffer.from(`${secret}!`) })],
    ['RS256', () => sign(good, rs256)],
    ['HS512 with the right secret', () => sign(good, { key: Buffer.from(secret.repeat(2)), alg: 'HS512' })],
  ])('HS256 refuses %s', async (_title, forge) => {
    expect(await refusal(verifier('hs256').verify(await forge()))).toEqual(theOneAnswer);
  });

  test('HS256 refuses to start with a short secret', () => {
    const short = secret.slice(1);
    expect(() => verifier('hs256', { keys: { kind: 'hs256', secret: short } })).toThrow('at least 32 bytes, got 31');
    expect(() => verifier('hs256', { keys: { kind: 'hs256', secret } })).not.toThrow();
  });
});

test('a token as the identity service writes it', async () => {
  const options = { secret, issuer, audience, user: 'alice', lifetimeSeconds: 900, nowMs: clock.now() };
  const [first, second] = [await issueToken(options), await issueToken(options)];
  const principal = await verifier('hs256').verify(first);
  expect(principal).toMatchObject({ user: 'alice', expiresAt: clock.now() + 900_000 });
  expect((await verifier('hs256').verify(second)).tokenId).not.toBe(principal.tokenId);
  const claims = JSON.parse(Buffer.from(first.split('.')[1] ?? '', 'base64url').toString());
  expect(claims[nameIdentifierClaim]).toBe('alice');
});

test('a refused token leaves no trace of itself in the log', async () => {
  const lines: string[] = [];
  const listening = createLogger({
    name: 'test',
    level: 'trace',
    destination: { write: (line) => void lines.push(line) },
  });
  const config: TokenConfig = { issuer, audience, clockSkewSeconds: 0, keys: { kind: 'hs256', secret } };
  const token = await sign({ ...good, exp: now - 1, email: 'canary@example' }, hs256);
  await refusal(createTokenVerifier(config, { clock, log: listening }).verify(token));
  expect(lines.join('')).toContain('ERR_JWT_EXPIRED');
  for (const secretPart of [...token.split('.'), 'canary', 'alice']) expect(lines.join('')).not.toContain(secretPart);
});
