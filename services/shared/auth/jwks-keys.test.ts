import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PlatformError } from '#shared/contract/errors.ts';
import { type Listener, listen } from '#shared/runtime/listen.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { eventually } from '#test/eventually.ts';
import { FakeClock } from '#test/fake-clock.ts';
import type { JwksConfig } from './jwks-keys.ts';
import { createTokenVerifier, type TokenVerifier } from './token-verifier.ts';

const issuer = 'issuer';
const audience = 'audience';
const log = createLogger({ name: 'test', level: 'silent' });
const second = 1_000;

type Key = { readonly kid: string; readonly jwk: object; token(): Promise<string> };

function makeKey(kid: string | undefined): Key {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    kid: kid ?? '',
    jwk: { ...publicKey.export({ format: 'jwk' }), kid },
    token: () =>
      new SignJWT({ iss: issuer, aud: audience, sub: 'alice', exp: 4e9 })
        .setProtectedHeader(kid === undefined ? { alg: 'ES256' } : { alg: 'ES256', kid })
        .sign(privateKey),
  };
}

const [oldKey, newKey] = [makeKey('old'), makeKey('new')];

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

let clock: FakeClock;
let answer: Handler;
let fetches: number;
let listener: Listener;
let url: string;

const serve =
  (...keys: readonly Key[]): Handler =>
  (_request, response) =>
    response.end(JSON.stringify({ keys: keys.map(({ jwk }) => jwk) }));
const fail: Handler = (_request, response) => response.writeHead(500).end('{"keys":[]}');

async function startKeyServer(port = 0): Promise<void> {
  const server = createServer((request, response) => {
    fetches += 1;
    answer(request, response);
  });
  listener = await listen(server, { host: '127.0.0.1', port, closeGraceMs: 0 });
  url = `http://127.0.0.1:${listener.port}/jwks`;
}

beforeEach(async () => {
  clock = new FakeClock();
  fetches = 0;
  answer = serve(oldKey);
  await startKeyServer();
});
afterEach(() => listener.close());

function verifier(config: Partial<JwksConfig> = {}): TokenVerifier {
  const keys = { kind: 'jwks' as const, url, ...config };
  return createTokenVerifier({ issuer, audience, clockSkewSeconds: 0, keys }, { clock, log });
}

async function outcome(verify: TokenVerifier, token: Promise<string>): Promise<string> {
  return verify.verify(await token).then(
    ({ user }) => user,
    (error: PlatformError) => error.code,
  );
}

const unknownKid = () =>
  new SignJWT({ iss: issuer, aud: audience, sub: 'alice', exp: 4e9 })
    .setProtectedHeader({ alg: 'ES256', kid: randomUUID() })
    .sign(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey);

test('keys are fetched once for many tokens, also for those that come at once', async () => {
  const verify = verifier();
  const outcomes = await Promise.all(Array.from({ length: 50 }, () => outcome(verify, oldKey.token())));
  expect(new Set(outcomes)).toEqual(new Set(['alice']));
  expect(fetches).toBe(1);
});

test('1,000 tokens with random kids cause at most one fetch per cooldown', async () => {
  const verify = verifier({ cooldownSeconds: 30 });
  expect(await outcome(verify, oldKey.token())).toBe('alice');
  const tokens = await Promise.all(Array.from({ length: 1_000 }, unknownKid));
  for (const token of tokens) expect(await outcome(verify, Promise.resolve(token))).toBe('unauthorized');
  expect(fetches).toBe(1);
  clock.advance(30 * second);
  await Promise.all(tokens.map((token) => outcome(verify, Promise.resolve(token))));
  expect(fetches).toBe(2);
  expect(await outcome(verify, oldKey.token())).toBe('alice');
});

test('rotation: both keys pass, and the old one fails after it was removed', async () => {
  const verify = verifier({ cooldownSeconds: 30, freshSeconds: 300 });
  expect(await outcome(verify, oldKey.token())).toBe('alice');
  answer = serve(oldKey, newKey);
  expect(await outcome(verify, newKey.token())).toBe('unauthorized');
  clock.advance(30 * second);
  expect(await outcome(verify, newKey.token())).toBe('alice');
  expect(await outcome(verify, oldKey.token())).toBe('alice');
  answer = serve(newKey);
  expect(await outcome(verify, oldKey.token())).toBe('alice');
  clock.advance(301 * second);
  expect(await outcome(verify, oldKey.token())).toBe('unauthorized');
  expect(await outcome(verify, newKey.token())).toBe('alice');
});

test('a key without kid serves tokens without kid while it is the only one', async () => {
  const nameless = makeKey(undefined);
  answer = serve(nameless);
  expect(await outcome(verifier(), nameless.token())).toBe('alice');
  answer = serve(nameless, makeKey(undefined));
  expect(await outcome(verifier(), nameless.token())).toBe('unauthorized');
});

describe('outage', () => {
  test('the last good keys serve until the bound, then nobody gets in; healing lets them in', async () => {
    const verify = verifier({ freshSeconds: 300, outageSeconds: 3_600 });
    expect(await outcome(verify, oldKey.token())).toBe('alice');
    const { port } = listener;
    await listener.close();
    clock.advance(3_600 * second);
    expect(await outcome(verify, oldKey.token())).toBe('alice');
    expect(await outcome(verify, unknownKid())).toBe('unauthorized');
    clock.advance(second);
    expect(await outcome(verify, oldKey.token())).toBe('unauthorized');
    await startKeyServer(port);
    await eventually(async () => {
      clock.advance(second);
      const now = await outcome(verify, oldKey.token());
      return now === 'alice' ? undefined : now;
    });
  });

  test('a failing server is asked ever more rarely, at most once per cooldown in the end', async () => {
    const verify = verifier({ freshSeconds: 300, outageSeconds: 10_000, cooldownSeconds: 30 });
    expect(await outcome(verify, oldKey.token())).toBe('alice');
    answer = fail;
    clock.advance(301 * second);
    for (let elapsed = 0; elapsed < 600; elapsed += 1) {
      expect(await outcome(verify, oldKey.token())).toBe('alice');
      clock.advance(second);
    }
    await eventually(() => (fetches > 2 ? undefined : `only ${fetches} fetches`));
    expect(fetches).toBeLessThanOrEqual(2 + 6 + 600 / 15);
  });

  test('before the first good fetch it is unavailable, and heals', async () => {
    answer = fail;
    const verify = verifier();
    expect(await outcome(verify, oldKey.token())).toBe('unavailable');
    answer = serve(oldKey);
    clock.advance(second);
    expect(await outcome(verify, oldKey.token())).toBe('alice');
  });

  test('nobody waits for a server that hangs, once it is known to', async () => {
    const verify = verifier({ timeoutMs: 100 });
    expect(await outcome(verify, oldKey.token())).toBe('alice');
    answer = () => {};
    clock.advance(301 * second);
    expect(await outcome(verify, oldKey.token())).toBe('alice');
    const patient = createTokenVerifier(
      { issuer, audience, clockSkewSeconds: 0, keys: { kind: 'jwks', url, timeoutMs: 100 } },
      { clock, log },
    );
    expect(await outcome(patient, oldKey.token())).toBe('unavailable');
  });
});

describe('answers that are refused', () => {
  test.each<[string, () => Handler]>([
    ['a status that is not 200', () => fail],
    ['no JSON', () => (_request, response) => response.end('<html>')],
    ['no key set', () => (_request, response) => response.end('{"keys":{}}')],
    ['null', () => (_request, response) => response.end('null')],
    ['a key that is no key', () => (_request, response) => response.end('{"keys":[null]}')],
    [
      'more than 256 KiB',
      () => (_request, response) =>
        response.end(JSON.stringify({ keys: [oldKey.jwk], padding: 'x'.repeat(256 * 1024) })),
    ],
  ])('%s', async (_title, handler) => {
    answer = handler();
    const verify = verifier();
    expect(await outcome(verify, oldKey.token())).toBe('unavailable');
    answer = serve(oldKey);
    clock.advance(second);
    expect(await outcome(verify, oldKey.token())).toBe('alice');
  });

  test('a redirect to another host is not followed', async () => {
    let strangerAsked = 0;
    const stranger = await listen(
      createServer((_request, response) => {
        strangerAsked += 1;
        response.end(JSON.stringify({ keys: [oldKey.jwk] }));
      }),
      { host: '127.0.0.1', port: 0 },
    );
    const location = `http://127.0.0.1:${stranger.port}/jwks`;
    answer = (_request, response) => response.writeHead(302, { location }).end();
    expect(await outcome(verifier(), oldKey.token())).toBe('unavailable');
    expect(strangerAsked).toBe(0);
    expect(await outcome(verifier({ url: location }), oldKey.token())).toBe('alice');
    await stranger.close();
  });

  test('a broken key in the set spoils only its own tokens', async () => {
    const broken = makeKey('broken');
    answer = (_request, response) =>
      response.end(JSON.stringify({ keys: [{ kty: 'EC', crv: 'P-256', kid: 'broken', x: '', y: 7 }, oldKey.jwk] }));
    const verify = verifier();
    expect(await outcome(verify, broken.token())).toBe('unauthorized');
    expect(await outcome(verify, oldKey.token())).toBe('alice');
  });
});
