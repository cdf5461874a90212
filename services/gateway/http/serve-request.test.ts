import { afterEach, describe, expect, it, test } from 'vitest';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { eventually } from '#test/eventually.ts';
import {
  bearerOf,
  listedOrigin,
  rawExchange,
  secret,
  startGateway,
  startService,
  type TestGateway,
  type TestService,
  tokenOf,
} from '../gateway.fixture.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const it of open.splice(0).reverse()) await it[Symbol.asyncDispose]();
});

async function start(
  options: Parameters<typeof startGateway>[0] = {},
): Promise<{ gateway: TestGateway; service: TestService }> {
  const service = await startService((request, response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'x-powered-by': 'canary', server: 'canary' });
    response.end(JSON.stringify({ url: request.url, method: request.method, headers: request.headers }));
  });
  open.push(service);
  const gateway = await startGateway({ services: { notification: service.url, hub: service.url }, ...options });
  open.push(gateway);
  return { gateway, service };
}

async function fault(answer: Response): Promise<{ status: number; code: string; error: string }> {
  const body = await answer.json();
  expect(Object.keys(body).sort()).toEqual(['code', 'correlationId', 'error']);
  expect(body.correlationId).toBe(answer.headers.get('x-correlation-id'));
  expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
  return { status: answer.status, code: body.code, error: body.error };
}

describe('routes', () => {
  test.each([
    '/api/notifications',
    '/api/notifications/',
    '/api/notifications?pageIndex=2&q=%2e%2e/',
    '/API/Notifications/5/read',
    '/api/notifications/a%20b/.hidden',
  ])('%s is passed on as it is', async (path) => {
    const { gateway } = await start();
    const answer = await fetch(gateway.url + path, { headers: await bearerOf('alice') });
    expect(answer.status).toBe(200);
    expect((await answer.json()).url).toBe(path);
  });

  test.each([
    '/',
    '/internal/heads',
    '/api',
    '/api/notificationsx',
    '/api/identity/login',
    '/metrics',
    '/readyz',
    '/livez',
    '//api/notifications',
    '/api/notifications//x',
    '/api/notifications/..%2f..%2finternal/heads',
    '/api/notifications/%2E%2e/internal/heads',
    '/api/notifications/%2e/x',
    '/api/notifications/..\\internal',
    '/api/notifications/%5c',
    '/api/notifications/%00',
    '/hubs',
  ])('%s leads nowhere', async (path) => {
    const { gateway, service } = await start({ services: {} });
    const { gateway: routing } = await start();
    for (const { port } of [gateway, routing]) {
      const { authorization } = await bearerOf('alice');
      const text = await rawExchange(
        port,
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ${authorization}\r\n\r\n`,
      );
      if (path === '/hubs' && port === routing.port) expect(text).toMatch(/^HTTP\/1.1 200/);
      else expect(text).toMatch(/^HTTP\/1.1 404 Not Found.*"code":"not_found"/s);
    }
    expect(service.requests).toHaveLength(0);
  });

  test.each(['/api/notifications/../../internal/heads', '/api/notifications/..', 'http://x/api/notifications'])(
    'the raw target %s leads nowhere',
    async (target) => {
      const { gateway, service } = await start();
      const { authorization } = await bearerOf('alice');
      const head = `Host: x\r\nConnection: close\r\nAuthorization: ${authorization}\r\n\r\n`;
      expect(await rawExchange(gateway.port, `GET ${target} HTTP/1.1\r\n${head}`)).toMatch(/^HTTP\/1.1 404/);
      expect(service.requests).toHaveLength(0);
      expect(await rawExchange(gateway.port, `GET /api/notifications HTTP/1.1\r\n${head}`)).toMatch(/^HTTP\/1.1 200/);
    },
  );

  it('keeps a connection over refusals whose request is whole', async () => {
    const { gateway } = await start();
    const head = 'Host: x\r\n';
    const texts = await rawExchange(
      gateway.port,
      `GET /nowhere HTTP/1.1\r\n${head}\r\nGET /api/notifications HTTP/1.1\r\n${head}\r\nGET /x HTTP/1.1\r\n${head}Connection: close\r\n\r\n`,
    );
    expect(texts.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 404', 'HTTP/1.1 401', 'HTTP/1.1 404']);
  });

  it('answers 404 for a service that it was not told of', async () => {
    const { gateway } = await start();
    const headers = await bearerOf('alice');
    const chat = await fault(await fetch(`${gateway.url}/api/chat/conversations`, { headers }));
    expect(chat).toEqual({ status: 404, code: 'not_found', error: 'the gateway knows no chat service' });
  });

  it.each(['PATCH', 'TRACE', 'PROPFIND'])('answers 405 for %s and tells the methods', async (method) => {
    const { gateway, service } = await start();
    const text = await rawExchange(
      gateway.port,
      `${method} /api/notifications HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    );
    expect(text).toMatch(/^HTTP\/1.1 405.*Allow: DELETE, GET, HEAD, POST, PUT/s);
    expect(service.requests).toHaveLength(0);
  });
});

describe('tokens', () => {
  const forged = {
    none: async () => undefined,
    'random text': async () => 'Bearer x.y.z',
    'of another secret': async () =>
      `Bearer ${await issueToken({ secret: 's'.repeat(32), issuer: 'Sonixy.IdentityService', audience: 'Sonixy.Client', user: 'alice', lifetimeSeconds: 60 })}`,
    'for another audience': async () =>
      `Bearer ${await issueToken({ secret, issuer: 'Sonixy.IdentityService', audience: 'x', user: 'alice', lifetimeSeconds: 60 })}`,
    expired: async () => `Bearer ${await tokenOf('alice', -1)}`,
    'of no scheme': async () => tokenOf('alice'),
  };

  it.each(Object.entries(forged))(
    '%s: 401 with one text, and the service is not asked',
    async (_what, authorization) => {
      const { gateway, service } = await start();
      const value = await authorization();
      const answer = await fetch(`${gateway.url}/api/notifications`, {
        headers: value === undefined ? {} : { authorization: value },
      });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(await fault(answer)).toEqual({ status: 401, code: 'unauthorized', error: 'a valid token is required' });
      expect(service.requests).toHaveLength(0);
      expect((await fetch(`${gateway.url}/api/notifications`, { headers: await bearerOf('alice') })).status).toBe(200);
    },
  );

  it('in the query count on hub paths only, and stand in no log', async () => {
    const { gateway } = await start();
    const token = await tokenOf('alice');
    expect((await fetch(`${gateway.url}/api/notifications?access_token=${token}`)).status).toBe(401);
    const negotiate = `${gateway.url}/hubs/notifications/negotiate`;
    expect((await fetch(`${negotiate}?access_token=${token}`, { method: 'POST' })).status).toBe(200);
    expect((await fetch(`${negotiate}?access_token=x`, { method: 'POST' })).status).toBe(401);
    const headers = { authorization: 'Bearer x' };
    expect((await fetch(`${negotiate}?access_token=${token}`, { method: 'POST', headers })).status).toBe(401);
    await eventually(() => (gateway.logged().split('"request"').length === 5 ? undefined : 'not all is logged'));
    for (const part of token.split('.')) expect(gateway.logged()).not.toContain(part);
    expect(gateway.logged()).toContain('"url":"/hubs/notifications/negotiate"');
  });

  it('are passed on as they are, for the service to verify', async () => {
    const { gateway } = await start();
    const headers = await bearerOf('alice');
    const answer = await fetch(`${gateway.url}/api/notifications`, { headers });
    expect((await answer.json()).headers.authorization).toBe(headers.authorization);
  });

  it('survives a thousand random ones, and serves a good one between them', async () => {
    const { gateway, service } = await start({ limits: { failuresPerMinute: 600 } });
    const statuses: number[] = [];
    for (let index = 0; index < 1_000; index += 50) {
      const batch = Array.from({ length: 50 }, async () => {
        const token = `${crypto.randomUUID()}.${crypto.randomUUID()}.${crypto.randomUUID()}`;
        const answer = await fetch(`${gateway.url}/api/notifications`, {
          headers: { authorization: `Bearer ${token}` },
        });
        await answer.body?.cancel();
        statuses.push(answer.status);
      });
      await Promise.all(batch);
    }
    expect(statuses.filter((status) => status === 401)).toHaveLength(600);
    expect(statuses.filter((status) => status === 429)).toHaveLength(400);
    expect((await fetch(`${gateway.url}/api/notifications`, { headers: await bearerOf('alice') })).status).toBe(200);
    expect(service.requests).toHaveLength(1);
  });
});

describe('headers', () => {
  it('says who asks and from where by the token alone', async () => {
    const { gateway } = await start();
    const claims = {
      'x-user-id': 'eve',
      'X-User': 'eve',
      'x-userid': 'eve',
      x_user_id: 'eve',
      'x-auth-request-user': 'eve',
      'x-authenticated-userid': 'eve',
      'remote-user': 'eve',
      clientid: 'eve',
      'x-forwarded-user': 'eve',
      'x-forwarded-for': '6.6.6.6',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'evil.example',
      forwarded: 'for=6.6.6.6',
      'x-real-ip': '6.6.6.6',
      'true-client-ip': '6.6.6.6',
      'cf-connecting-ip': '6.6.6.6',
      'x-original-url': '/internal/heads',
      'x-rewrite-url': '/internal/heads',
      'x-http-method-override': 'DELETE',
      'x-internal-token': 'eve',
    };
    const kept = { 'x-requested-with': 'fetch', 'x-signalr-user-agent': 'sdk', 'idempotency-key': '7', accept: 'a/b' };
    const headers = { ...claims, ...kept, ...(await bearerOf('alice')), 'x-request-id': 'find-me' };
    const answer = await fetch(`${gateway.url}/api/notifications`, { headers });
    const seen = (await answer.json()).headers;
    const { 'x-forwarded-for': address, 'x-forwarded-proto': proto, 'x-forwarded-host': host, ...others } = seen;
    expect([address, proto, host]).toEqual(['127.0.0.1', 'http', `127.0.0.1:${gateway.port}`]);
    for (const name of Object.keys(claims)) expect(others).not.toHaveProperty(name.toLowerCase());
    expect(seen).toMatchObject(kept);
    expect(seen['x-correlation-id']).toBe('find-me');
    expect(answer.headers.get('x-correlation-id')).toBe('find-me');
  });

  it('believes X-Forwarded-* of a proxy that it was told of', async () => {
    const { gateway } = await start({ trusted: ['127.0.0.0/8', '10.0.0.7'] });
    const headers = {
      ...(await bearerOf('alice')),
      'x-forwarded-for': '6.6.6.6, 198.51.100.4, 10.0.0.7',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'sonixy.example',
    };
    const answer = await fetch(`${gateway.url}/api/notifications`, { headers });
    expect((await answer.json()).headers).toMatchObject({
      'x-forwarded-for': '198.51.100.4',
      'x-forwarded-proto': 'https',
      'x-forwarded-host': 'sonixy.example',
    });
  });

  it.each(['\x01', '\x7f', '\x80', '\xff'])('of any bytes are no fault of the service: %j', async (byte) => {
    const { gateway } = await start({ limits: { circuitFailures: 1, circuitOpenMs: 600_000 } });
    const { authorization } = await bearerOf('alice');
    const rest = `Host: x\r\nConnection: close\r\nAuthorization: ${authorization}\r\n`;
    for (const text of [
      `GET /api/notifications/${byte} HTTP/1.1\r\n${rest}\r\n`,
      `GET /api/notifications HTTP/1.1\r\n${rest}X-Own: a${byte}b\r\n\r\n`,
      `GET /api/notifications HTTP/1.1\r\n${rest.replace('Host: x', `Host: x${byte}`)}\r\n`,
    ]) {
      expect(await rawExchange(gateway.port, Buffer.from(text, 'latin1'))).toMatch(/^HTTP\/1.1 [24]00/);
    }
    expect((await fetch(`${gateway.url}/api/notifications`, { headers: { authorization } })).status).toBe(200);
  });

  it('tells nothing of the software behind it', async () => {
    const { gateway } = await start();
    const { headers } = await fetch(`${gateway.url}/api/notifications`, { headers: await bearerOf('alice') });
    expect(headers.has('x-powered-by')).toBe(false);
    expect(headers.has('server')).toBe(false);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('names its own host to the service', async () => {
    const { gateway, service } = await start();
    const headers = { ...(await bearerOf('alice')) };
    const answer = await fetch(`${gateway.url}/api/notifications`, { headers });
    expect((await answer.json()).headers.host).toBe(`127.0.0.1:${service.port}`);
  });
});

describe('framing', () => {
  const smuggled = 'GET /internal/heads HTTP/1.1\r\nHost: x\r\n\r\n';
  const attacks: Record<string, string> = {
    'two ways of length': `Content-Length: ${smuggled.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'two lengths': `Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    'a list of lengths': `Content-Length: 0, ${smuggled.length}\r\n\r\n${smuggled}`,
    'another encoding under chunks': `Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'chunks twice': `Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'an unknown encoding': `Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'a blank before the colon': `Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    'a length that is taken back': `Connection: close, content-length\r\nContent-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    'chunks that are taken back':
      'Connection: close, Transfer-Encoding\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
    'a line feed alone': `X: y\nContent-Length: 5\r\n\r\n${smuggled}`,
  };

  it.each(Object.entries(attacks))('with %s is 400, and nothing reaches the service', async (_what, rest) => {
    const { gateway, service } = await start();
    const { authorization } = await bearerOf('alice');
    const head = `POST /api/notifications HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n`;
    const close = rest.includes('Connection') ? '' : 'Connection: close\r\n';
    expect(await rawExchange(gateway.port, head + close + rest)).toMatch(/^HTTP\/1.1 400/);
    expect(service.requests).toHaveLength(0);
    const honest = `${head}Connection: close\r\nContent-Length: 2\r\n\r\n{}`;
    expect(await rawExchange(gateway.port, honest)).toMatch(/^HTTP\/1.1 200/);
    expect(service.requests).toHaveLength(1);
  });

  it('declines an upgrade to anything but WebSockets, and answers the request', async () => {
    const { gateway } = await start();
    const { authorization } = await bearerOf('alice');
    const head = `GET /api/notifications HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\n`;
    const offer =
      'Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n';
    const text = await rawExchange(gateway.port, head + offer);
    expect(text).toMatch(/^HTTP\/1.1 200/);
    expect(text.toLowerCase()).not.toContain('h2c');
    expect(text).not.toContain('http2-settings');
  });
});

describe('CORS', () => {
  const preflight = (url: string, origin: string) =>
    fetch(url, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'PUT', 'access-control-request-headers': 'authorization' },
    });

  it('answers preflights of listed origins itself', async () => {
    const { gateway, service } = await start();
    const { status, headers } = await preflight(`${gateway.url}/api/notifications`, listedOrigin);
    expect(status).toBe(204);
    expect(headers.get('access-control-allow-origin')).toBe(listedOrigin);
    expect(headers.get('access-control-allow-headers')).toBe('authorization');
    expect(service.requests).toHaveLength(0);
  });

  it.each([
    'https://sonixy.example.evil.com',
    'https://evilsonixy.example',
    'http://sonixy.example',
    `${listedOrigin}:1`,
    'null',
  ])('tells %s nothing', async (origin) => {
    const { gateway } = await start();
    expect(await fault(await preflight(`${gateway.url}/api/notifications`, origin))).toMatchObject({ status: 403 });
    const headers = { origin, ...(await bearerOf('alice')) };
    const rest = await fetch(`${gateway.url}/api/notifications`, { headers });
    expect(rest.headers.has('access-control-allow-origin')).toBe(false);
    for (const path of ['/hubs/notifications/negotiate', '/socket.io/?EIO=4&transport=polling']) {
      expect(await fault(await fetch(gateway.url + path, { headers, method: 'POST' }))).toMatchObject({ status: 403 });
    }
    expect(gateway.logged()).toContain(JSON.stringify(origin));
  });

  it('lets a listed origin read answers, refusals and limits', async () => {
    const { gateway } = await start();
    for (const headers of [await bearerOf('alice'), {}]) {
      const answer = await fetch(`${gateway.url}/api/notifications`, { headers: { origin: listedOrigin, ...headers } });
      expect(answer.headers.get('access-control-allow-origin')).toBe(listedOrigin);
      expect(answer.headers.get('access-control-expose-headers')).toContain('RateLimit');
      expect(answer.headers.get('vary')).toBe('Origin');
    }
  });

  it('insists on an origin on hub paths where the policy says so', async () => {
    const { gateway } = await start({ allowAbsent: false });
    const call = async (headers: Record<string, string>) =>
      (await fetch(`${gateway.url}/hubs/notifications/negotiate`, { method: 'POST', headers })).status;
    expect(await call(await bearerOf('alice'))).toBe(403);
    expect(await call({ ...(await bearerOf('alice')), origin: listedOrigin })).toBe(200);
  });
});
