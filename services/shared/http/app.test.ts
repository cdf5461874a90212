import { createServer } from 'node:http';
import { connect } from 'node:net';
import express from 'express';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createInternalTokens } from '#shared/auth/internal-tokens.ts';
import { createOriginPolicy } from '#shared/auth/origin-policy.ts';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { createTokenVerifier } from '#shared/auth/token-verifier.ts';
import { errorCodes, PlatformError } from '#shared/contract/errors.ts';
import { systemClock } from '#shared/runtime/clock.ts';
import { type Listener, listen } from '#shared/runtime/listen.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { eventually } from '#test/eventually.ts';
import { createApp, finishApp } from './app.ts';
import { requireInternal, requireUser, userOf } from './authenticated.ts';

const secret = 's'.repeat(32);
const tokens = { issuer: 'i', audience: 'a' };
const listed = 'https://app.example';
const lines: string[] = [];
const log = createLogger({ name: 'test', level: 'trace', destination: { write: (line) => void lines.push(line) } });
const internal = createInternalTokens('n'.repeat(32), systemClock);
let listener: Listener;
let url: string;
let bearer: string;

beforeAll(async () => {
  const verifier = createTokenVerifier(
    { ...tokens, clockSkewSeconds: 0, keys: { kind: 'hs256', secret } },
    { clock: systemClock, log },
  );
  const app = createApp({ log, origins: createOriginPolicy({ origins: [listed], allowAbsent: true }) });
  app.get('/api/me', requireUser(verifier), (request, response) => {
    response.json({ user: userOf(response).user, query: request.query });
  });
  app.put('/api/echo', (request, response) => void response.json({ body: request.body ?? null }));
  app.get('/api/lacks-user', (_request, response) => void response.json(userOf(response)));
  app.post('/internal/ping', requireInternal(internal), (_request, response) => void response.json({}));
  for (const code of Object.keys(errorCodes) as (keyof typeof errorCodes)[]) {
    app.get(`/fail/${code}`, () => {
      throw new PlatformError(code, `text of ${code}`, { cause: new Error('canary') });
    });
  }
  app.get('/fail/late', (_request, response) => {
    response.write('half');
    throw new Error('canary');
  });
  app.get('/fail/bug', async () => {
    throw Object.assign(new Error('canary in /srv/x.ts: SELECT'), { body: 'canary body' });
  });
  const router = express.Router();
  router.get('/:id', (_request, response) => void response.json({}));
  router.delete('/:id', (_request, response) => void response.json({}));
  app.use('/api/things', router);
  finishApp(app, log);
  listener = await listen(createServer(app), { host: '127.0.0.1', port: 0 });
  url = `http://127.0.0.1:${listener.port}`;
  bearer = `Bearer ${await issueToken({ ...tokens, secret, user: 'alice', lifetimeSeconds: 600 })}`;
});
afterAll(() => listener.close());
beforeEach(() => {
  lines.length = 0;
});

function put(
  body: string | Uint8Array<ArrayBuffer>,
  contentType = 'application/json',
  headers = {},
): Promise<Response> {
  return fetch(`${url}/api/echo`, { method: 'PUT', body, headers: { 'content-type': contentType, ...headers } });
}

async function fault(answer: Response): Promise<{ status: number; code: string; error: string }> {
  const body = await answer.json();
  expect(Object.keys(body).sort()).toEqual(['code', 'correlationId', 'error']);
  expect(body.correlationId).toBe(answer.headers.get('x-correlation-id'));
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  return { status: answer.status, code: body.code, error: body.error };
}

describe('authentication', () => {
  test.each(['/api/me', '/api/me/'])('a bearer token opens %s', async (path) => {
    const answer = await fetch(`${url}${path}?a[b]=1&c=2`, { headers: { authorization: bearer } });
    expect(await answer.json()).toEqual({ user: 'alice', query: { 'a[b]': '1', c: '2' } });
  });

  test('no token, a wrong one and one in the query are told apart by nobody', async () => {
    const token = bearer.slice('Bearer '.length);
    const answers = await Promise.all([
      fetch(`${url}/api/me`),
      fetch(`${url}/api/me`, { headers: { authorization: `${bearer}x` } }),
      fetch(`${url}/api/me?access_token=${token}`),
      fetch(`${url}/api/me?access_token=${token}`, { headers: { authorization: 'Bearer x' } }),
    ]);
    for (const answer of answers) {
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(await fault(answer)).toEqual({ status: 401, code: 'unauthorized', error: 'a valid token is required' });
    }
  });

  test('calls of our own services need their own token', async () => {
    const call = (authorization: string) =>
      fetch(`${url}/internal/ping`, { method: 'POST', headers: { authorization } }).then(({ status }) => status);
    expect(await call(`Bearer ${await internal.issue()}`)).toBe(200);
    expect(await call(bearer)).toBe(401);
    expect((await fetch(`${url}/internal/ping`, { method: 'POST' })).status).toBe(401);
  });

  test('a route that forgot requireUser fails instead of serving', async () => {
    expect((await fetch(`${url}/api/lacks-user`)).status).toBe(500);
  });

  test('a refusal is audited once, without the token', async () => {
    const token = bearer.slice('Bearer '.length);
    await fetch(`${url}/api/me?access_token=${token}`, { headers: { authorization: `${bearer}x` } });
    await eventually(() => (lines.some((line) => line.includes('"request"')) ? undefined : 'no access line'));
    const audits = lines.map((line) => JSON.parse(line)).filter((line) => line.audit);
    expect(audits).toHaveLength(1);
    expect(audits[0]).toMatchObject({ audit: 'unauthorized', method: 'GET', url: '/api/me', ip: '127.0.0.1' });
    for (const part of token.split('.')) expect(lines.join('')).not.toContain(part);
  });
});

describe('headers', () => {
  test('every answer is plain data that nobody keeps', async () => {
    const { headers } = await put('{}');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.has('x-powered-by')).toBe(false);
    expect(headers.has('etag')).toBe(false);
  });

  test.each([
    ['X-Correlation-Id', 'order-7:a.b_c'],
    ['X-Request-Id', 'x'.repeat(64)],
  ])('%s of the caller is kept', async (name, id) => {
    expect((await fetch(url, { headers: { [name]: id } })).headers.get('x-correlation-id')).toBe(id);
  });

  test.each(['', 'x'.repeat(65), 'a b', '{"a":1}', 'é'])('an unsafe id is replaced: %j', async (id) => {
    const { headers } = await fetch(url, { headers: { 'X-Correlation-Id': id } });
    expect(headers.get('x-correlation-id')).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe('CORS', () => {
  const preflight = (origin: string, path = '/api/me') =>
    fetch(`${url}${path}`, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': 'PUT',
        'access-control-request-headers': 'authorization,x-signalr-user-agent',
      },
    });

  test.each(['/api/me', '/api/me/', '/nowhere'])('a preflight of a listed origin is 204: %s', async (path) => {
    const { status, headers } = await preflight(listed, path);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(listed);
    expect(headers.get('access-control-allow-credentials')).toBe('true');
    expect(headers.get('access-control-allow-methods')).toBe('GET, POST, PUT, DELETE, OPTIONS');
    expect(headers.get('access-control-allow-headers')).toBe('authorization,x-signalr-user-agent');
    expect(headers.get('vary')).toBe('Origin, Access-Control-Request-Headers');
  });

  test.each(['https://app.example.evil.com', 'https://evilapp.example', 'http://app.example', `${listed}:1`, 'null'])(
    'a foreign origin is told nothing: %s',
    async (origin) => {
      const refused = await preflight(origin);
      expect(refused.headers.has('access-control-allow-origin')).toBe(false);
      expect(await fault(refused)).toMatchObject({ status: 403, code: 'forbidden' });
      const { headers } = await fetch(`${url}/api/me`, { headers: { origin, authorization: bearer } });
      expect(headers.has('access-control-allow-origin')).toBe(false);
      expect(headers.get('vary')).toBe('Origin');
    },
  );

  test('a browser of a listed origin may read answers, refusals too', async () => {
    for (const authorization of [bearer, 'Bearer x']) {
      const { headers } = await fetch(`${url}/api/me`, { headers: { origin: listed, authorization } });
      expect(headers.get('access-control-allow-origin')).toBe(listed);
      expect(headers.get('access-control-expose-headers')).toContain('X-Correlation-Id');
    }
  });
});

describe('bodies', () => {
  const padded = (bytes: number) => `{"a":"${'x'.repeat(bytes - 8)}"}`;
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

  test.each<[string, string]>([
    ['64 KiB', padded(64 * 1024)],
    ['32 levels', nested(32)],
    ['1,000 elements', JSON.stringify(Array(1_000).fill(0))],
    ['dots and dollars in values', '{"a":"$ne.__proto__"}'],
    ['keys that only look alike', '{"proto":1,"constructors":1}'],
  ])('takes %s', async (_title, body) => {
    const answer = await put(body);
    expect(answer.status).toBe(200);
    expect(JSON.stringify((await answer.json()).body)).toBe(body);
  });

  test.each<[string, string, number, string]>([
    ['one byte more', padded(64 * 1024 + 1), 413, 'too_large'],
    ['33 levels', nested(33), 400, 'bad_request'],
    ['10,000 levels', nested(10_000), 400, 'bad_request'],
    ['10,000 levels of objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, 400, 'bad_request'],
    ['1,001 elements', JSON.stringify(Array(1_001).fill(0)), 400, 'bad_request'],
    ['a million elements', JSON.stringify(Array(1_000_000).fill(0)), 413, 'too_large'],
    ['__proto__', '{"a":[{"__proto__":{"admin":true}}]}', 400, 'bad_request'],
    ['__proto__ escaped', '{"\\u005f_proto__":{"admin":true}}', 400, 'bad_request'],
    ['constructor', '{"constructor":{"prototype":{"admin":true}}}', 400, 'bad_request'],
    ['prototype', '{"prototype":1}', 400, 'bad_request'],
    ['an operator', '{"user":{"$ne":null}}', 400, 'bad_request'],
    ['a path', '{"a.b":1}', 400, 'bad_request'],
    ['half a document', '{"canary":', 400, 'bad_request'],
    ['no JSON', 'canary', 400, 'bad_request'],
    ['a scalar', '"canary"', 400, 'bad_request'],
  ])('refuses %s', async (_title, body, status, code) => {
    const refused = await fault(await put(body));
    expect(refused).toMatchObject({ status, code });
    expect(refused.error).not.toContain('canary');
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
    expect((await put('{}')).status).toBe(200);
  });

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/jsonx',
    'application/json; charset=latin1',
  ])('%s is 415', async (contentType) => {
    expect(await fault(await put('{}', contentType))).toMatchObject({ status: 415, code: 'unsupported_media_type' });
  });

  test('a compressed body is 415, whatever it would grow to', async () => {
    const answer = await put('{}', 'application/json', { 'content-encoding': 'gzip' });
    expect(await fault(answer)).toMatchObject({ status: 415, code: 'unsupported_media_type' });
  });

  test('a body without a type is 415, no body at all is fine', async () => {
    const bytes = new TextEncoder().encode('{}');
    expect((await fetch(`${url}/api/echo`, { method: 'PUT', body: bytes })).status).toBe(415);
    expect(await (await fetch(`${url}/api/echo`, { method: 'PUT' })).json()).toEqual({ body: null });
  });

  test('a caller that leaves in the middle of its body harms nobody', async () => {
    const socket = connect(listener.port, '127.0.0.1');
    socket.resume();
    socket.end('PUT /api/echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n{"a"');
    await eventually(() => (socket.closed ? undefined : 'still open'));
    expect((await put('{}')).status).toBe(200);
    expect(lines.join('')).not.toContain('"level":50');
  });
});

describe('failures', () => {
  test.each(['/nowhere', '/api', '/api/me/x', '/metrics', '/readyz', '/livez', '/%2e%2e/etc'])(
    '%s is 404',
    async (path) => {
      expect(await fault(await fetch(`${url}${path}`))).toMatchObject({ status: 404, code: 'not_found' });
    },
  );

  test.each([
    ['POST', '/api/me', 'GET, HEAD'],
    ['DELETE', '/api/me/', 'GET, HEAD'],
    ['PATCH', '/api/echo', 'PUT'],
    ['PUT', '/api/things/7', 'DELETE, GET, HEAD'],
  ])('%s %s is 405 and tells the methods', async (method, path, allow) => {
    const answer = await fetch(`${url}${path}`, { method });
    expect(answer.headers.get('allow')).toBe(allow);
    expect(await fault(answer)).toMatchObject({ status: 405, code: 'method_not_allowed' });
  });

  test.each(Object.entries(errorCodes))('code %s has its status', async (code, { status }) => {
    const answered = await fault(await fetch(`${url}/fail/${code}`));
    expect(answered).toMatchObject({ status, code });
    if (status < 500) expect(answered.error).toBe(`text of ${code}`);
    else expect(answered.error).not.toContain('text of');
  });

  test('an unavailable service says when to try again', async () => {
    expect((await fetch(`${url}/fail/unavailable`)).headers.get('retry-after')).toBe('1');
  });

  test('a bug says nothing to the caller and all to the log', async () => {
    const answer = await fetch(`${url}/fail/bug`, { headers: { 'x-correlation-id': 'find-me' } });
    expect(await fault(answer)).toEqual({ status: 500, code: 'internal', error: 'something went wrong on our side' });
    const logged = lines.map((line) => JSON.parse(line)).find(({ msg }) => msg === 'request failed');
    expect(logged).toMatchObject({ correlationId: 'find-me', err: { message: 'canary in /srv/x.ts: SELECT' } });
    expect(logged.err.stack).toContain('app.test.ts');
    expect(lines.join('')).not.toContain('canary body');
  });

  test('a failure in the middle of an answer breaks it off', async () => {
    await expect(fetch(`${url}/fail/late`).then((answer) => answer.text())).rejects.toThrow();
    expect((await put('{}')).status).toBe(200);
  });

  test('a path that can not be decoded is 400', async () => {
    expect(await fault(await fetch(`${url}/api/things/%E0%A4%A`))).toMatchObject({ status: 400, code: 'bad_request' });
  });
});

test('an access line tells method, path, status and time', async () => {
  await fetch(`${url}/nowhere?access_token=canary`, { headers: { 'x-request-id': 'r1' } });
  await eventually(() => (lines.length > 0 ? undefined : 'no line yet'));
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ correlationId: 'r1', method: 'GET', url: '/nowhere', status: 404, msg: 'request' }),
  ]);
});
