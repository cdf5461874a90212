import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { eventually } from '#test/eventually.ts';
import { corsHeaders, encodeInvocation } from './index.ts';
import { type ServedHub, serveHub } from './served-hub.fixture.ts';

const handshake = '{"protocol":"json","version":1}\u001e';
const stream = { accept: 'text/event-stream' };

async function negotiate(hub: ServedHub, query = 'negotiateVersion=1', headers: Record<string, string> = {}) {
  const response = await fetch(`${hub.url}/negotiate?${query}`, { method: 'POST', headers });
  return (await response.json()) as Record<string, string>;
}

const tokenFor = async (hub: ServedHub, headers: Record<string, string> = {}) =>
  (await negotiate(hub, 'negotiateVersion=1', headers))['connectionToken'] ?? '';

const post = (hub: ServedHub, token: string, body: BodyInit, headers = {}) =>
  fetch(`${hub.url}?id=${token}`, { method: 'POST', body, headers });

const poll = (hub: ServedHub, token: string, init: RequestInit = {}) => fetch(`${hub.url}?id=${token}&_=1`, init);

/** A long-polling connection past its handshake. */
async function startPolling(hub: ServedHub, headers: Record<string, string> = {}): Promise<string> {
  const token = await tokenFor(hub, headers);
  await poll(hub, token, { headers });
  await post(hub, token, handshake, headers);
  expect(await (await poll(hub, token, { headers })).text()).toBe('{}\u001e');
  return token;
}

describe('negotiate', () => {
  test('version 1 keeps the token apart from the id, version 0 has one for both', async () => {
    await using hub = await serveHub();
    const one = await negotiate(hub, 'NEGOTIATEVERSION=1&useStatefulReconnect=true');
    expect(one).toEqual({
      negotiateVersion: 1,
      connectionId: expect.stringMatching(/^[\w-]{22}$/),
      connectionToken: expect.stringMatching(/^1\.[\w-]+$/),
      availableTransports: [
        { transport: 'WebSockets', transferFormats: ['Text', 'Binary'] },
        { transport: 'ServerSentEvents', transferFormats: ['Text'] },
        { transport: 'LongPolling', transferFormats: ['Text', 'Binary'] },
      ],
    });
    const zero = await negotiate(hub, '');
    expect(zero).toMatchObject({ negotiateVersion: 0, connectionId: expect.stringMatching(/^1\./) });
    expect(zero).not.toHaveProperty('connectionToken');
    expect(await negotiate(hub, 'negotiateVersion=7')).toMatchObject({ negotiateVersion: 1 });
    expect(hub.connections).toBe(0);
  });

  test.each([
    ['x', 'The client requested a non-integer protocol version.'],
    ['1.5', 'The client requested a non-integer protocol version.'],
    ['', 'The client requested a non-integer protocol version.'],
    ['99999999999', 'The client requested a non-integer protocol version.'],
    ['-1', "The client requested version '-1', but the server does not support this version."],
  ])('version %s is answered 200 with an error', async (version, error) => {
    await using hub = await serveHub();
    expect(await negotiate(hub, `negotiateVersion=${version}`)).toEqual({ error });
  });

  test('a full server answers 503 with Retry-After, on negotiate and on a WebSocket without id', async () => {
    await using hub = await serveHub({ admit: async () => ({ ok: false, retryAfterSeconds: 2.5 }) });
    const response = await fetch(`${hub.url}/negotiate`, { method: 'POST' });
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '3']);
    expect(await upgrade(hub, '')).toMatchObject({ status: 503, headers: { 'retry-after': '3' } });
    await using open = await serveHub({ admit: async () => ({ ok: true }) });
    expect((await fetch(`${open.url}/negotiate`, { method: 'POST' })).status).toBe(200);
    expect(await upgrade(open, '')).toMatchObject({ status: 101 });
  });

  test('an error of the hub is a bare 500 and is reported', async () => {
    await using hub = await serveHub({
      authorize: async () => {
        throw new Error('secret');
      },
    });
    const response = await fetch(`${hub.url}/negotiate`, { method: 'POST' });
    expect([response.status, await response.text()]).toEqual([500, '']);
    expect(hub.errors).toHaveLength(1);
  });
});

function upgrade(hub: ServedHub, query: string, headers: Record<string, string> = {}) {
  return new Promise<{ status: number; body: string; headers: Record<string, unknown> }>((resolve, reject) => {
    const it = request(`${hub.url}${query}`, {
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        ...headers,
      },
    });
    it.on('error', reject);
    it.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve({ status: 101, body: '', headers: response.headers });
    });
    it.on('response', async (response) => {
      let body = '';
      for await (const chunk of response) body += chunk;
      resolve({ status: response.statusCode ?? 0, body, headers: response.headers });
    });
    it.end();
  });
}

describe('requests that are refused', () => {
  const unknown = 'id=1.AAAA';
  test.each([
    ['GET', '/negotiate', {}, 405, ''],
    ['PUT', '/negotiate', {}, 405, ''],
    ['PUT', '', {}, 405, ''],
    ['OPTIONS', '', {}, 405, ''],
    ['GET', '', {}, 400, 'Connection ID required'],
    ['GET', '', stream, 400, 'Connection ID required'],
    ['POST', '', {}, 400, 'Connection ID required'],
    ['DELETE', '', {}, 400, 'Connection ID required'],
    ['GET', `?${unknown}`, {}, 404, 'No Connection with that ID'],
    ['GET', `?${unknown}`, stream, 404, 'No Connection with that ID'],
    ['POST', `?${unknown}`, {}, 404, 'No Connection with that ID'],
    ['DELETE', `?${unknown}`, {}, 404, 'No Connection with that ID'],
    ['GET', `?${unknown}`, { authorization: 'Bearer nobody' }, 401, ''],
    ['GET', `?${unknown}`, { ...stream, authorization: 'Bearer nobody' }, 401, ''],
    ['POST', `?${unknown}`, { authorization: 'Bearer nobody' }, 401, ''],
    ['DELETE', `?${unknown}`, { authorization: 'Bearer nobody' }, 401, ''],
    ['POST', '/negotiate', { authorization: 'Bearer nobody' }, 401, ''],
    ['POST', '/negotiate/more', {}, 404, 'other'],
  ])('%s %s with %j is %i', async (method, rest, headers, status, body) => {
    await using hub = await serveHub();
    const response = await fetch(hub.url + rest, { method, headers: headers as Record<string, string> });
    expect([response.status, await response.text()]).toEqual([status, body]);
    if (body !== 'other') expect(response.headers.get('content-type')).toBe('text/plain');
  });

  test('the path matches in any case and with a slash behind it', async () => {
    await using hub = await serveHub();
    const url = hub.url.replace('/hubs/test', '/HUBS/Test/negotiate/');
    expect((await fetch(url, { method: 'POST' })).status).toBe(200);
  });

  test('upgrades: unknown id 404, a taken one 409, wrong token 401, another user 403, negotiate 405', async () => {
    await using hub = await serveHub();
    expect(await upgrade(hub, '?id=1.AAAA')).toMatchObject({ status: 404, body: 'No Connection with that ID' });
    expect(await upgrade(hub, '', { authorization: 'Bearer nobody' })).toMatchObject({ status: 401 });
    expect(await upgrade(hub, '/negotiate')).toMatchObject({ status: 405 });
    const token = await tokenFor(hub);
    expect(await upgrade(hub, `?id=${token}`, { authorization: 'Bearer bob' })).toMatchObject({ status: 403 });
    const socket = new WebSocket(`${hub.url}?id=${token}`.replace('http', 'ws'));
    await new Promise((resolve) => socket.addEventListener('open', resolve));
    expect(await upgrade(hub, `?id=${token}`)).toMatchObject({ status: 409 });
    const post405 = await post(hub, token, handshake);
    expect([post405.status, await post405.text()]).toEqual([
      405,
      'POST requests are not allowed for WebSocket connections.',
    ]);
    expect((await poll(hub, token)).status).toBe(400);
    const deleted = await fetch(`${hub.url}?id=${token}`, { method: 'DELETE' });
    expect([deleted.status, await deleted.text()]).toEqual([
      400,
      'Cannot terminate this connection using the DELETE endpoint.',
    ]);
    socket.close();
    await eventually(() => (hub.connections === 0 ? undefined : 'the socket is still here'));
    expect(await upgrade(hub, `?id=${token}`)).toMatchObject({ status: 404 });
  });
});

describe('long polling', () => {
  test('the first poll is answered at once, a later one with data, none is cached', async () => {
    await using hub = await serveHub();
    const token = await tokenFor(hub);
    const first = await poll(hub, token);
    expect([first.status, first.headers.get('content-length'), await first.text()]).toEqual([200, '0', '']);
    expect(first.headers.get('cache-control')).toBe('no-cache, no-store');
    const held = poll(hub, token);
    expect((await post(hub, token, handshake)).status).toBe(200);
    const answered = await held;
    expect([answered.status, answered.headers.get('content-type'), await answered.text()]).toEqual([
      200,
      'application/octet-stream',
      '{}\u001e',
    ]);
    hub.live[0]?.write([encodeInvocation('json', 'a', []), encodeInvocation('json', 'b', [])]);
    hub.live[0]?.write([encodeInvocation('json', 'c', [])]);
    expect(hub.live[0]?.bufferedBytes).toBe(3 * encodeInvocation('json', 'a', []).length);
    expect((await (await poll(hub, token)).text()).split('\u001e')).toHaveLength(4);
    await eventually(() => (hub.live[0]?.bufferedBytes === 0 ? undefined : 'bytes are still buffered'));
  });

  test('an idle poll ends empty, an older one with 204', async () => {
    await using hub = await serveHub({}, { limits: { pollTimeoutMs: 150 } });
    const token = await startPolling(hub);
    const idle = await poll(hub, token);
    expect([idle.status, await idle.text()]).toEqual([200, '']);
    const older = poll(hub, token);
    const newer = poll(hub, token);
    expect([(await older).status, (await newer).status].sort()).toEqual([200, 204]);
  });

  test('an end is told with the Close message, then with 204, then the id is unknown', async () => {
    await using hub = await serveHub();
    const token = await startPolling(hub);
    const held = poll(hub, token);
    hub.live[0]?.close({ error: 'bye', allowReconnect: true });
    expect(await (await held).text()).toBe('{"type":7,"error":"bye","allowReconnect":true}\u001e');
    expect((await poll(hub, token)).status).toBe(204);
    expect((await poll(hub, token)).status).toBe(404);
    expect(hub.gone).toEqual([{ id: expect.any(String), error: undefined }]);
  });

  test('DELETE is 202 and ends a held poll; later sends and polls are 404', async () => {
    await using hub = await serveHub();
    const token = await startPolling(hub);
    const held = poll(hub, token);
    await eventually(async () => (hub.connections === 1 ? undefined : 'not yet'));
    const deleted = await fetch(`${hub.url}?id=${token}`, { method: 'DELETE' });
    expect(deleted.status).toBe(202);
    expect([204, 404]).toContain((await held).status);
    expect((await post(hub, token, '{"type":7}\u001e')).status).toBe(404);
    expect((await poll(hub, token)).status).toBe(404);
    expect((await fetch(`${hub.url}?id=${token}`, { method: 'DELETE' })).status).toBe(404);
    expect(hub.gone).toHaveLength(1);
  });

  test('a client that stops polling is ended', async () => {
    await using hub = await serveHub({}, { limits: { disconnectTimeoutMs: 100 } });
    await startPolling(hub);
    await eventually(() => (hub.connections === 0 ? undefined : 'it is still here'));
    expect(hub.gone[0]?.error?.message).toBe('client stopped polling');
  });

  test('a poll that the client aborts costs nothing but itself', async () => {
    await using hub = await serveHub();
    const token = await startPolling(hub);
    const abort = new AbortController();
    const held = poll(hub, token, { signal: abort.signal });
    setImmediate(() => abort.abort());
    await expect(held).rejects.toThrow();
    await eventually(async () => {
      hub.live[0]?.write([encodeInvocation('json', 'a', [])]);
      const text = await (await poll(hub, token, { signal: AbortSignal.timeout(500) })).text();
      return text.includes('"target":"a"') ? undefined : 'the message has not come';
    });
  });

  test('requests of another user are refused, an expired token of the same one is not', async () => {
    await using hub = await serveHub();
    const alice = { authorization: 'Bearer alice' };
    const bob = { authorization: 'Bearer bob' };
    const expired = { authorization: 'Bearer alice.expired' };
    const token = await startPolling(hub, alice);
    const entrances = (headers: Record<string, string>) => [
      post(hub, token, '{"type":6}\u001e', headers),
      poll(hub, token, { headers }),
      fetch(`${hub.url}?id=${token}`, { method: 'DELETE', headers }),
    ];
    for (const response of entrances(bob)) expect((await response).status).toBe(403);
    for (const response of entrances({ authorization: 'Bearer nobody' })) expect((await response).status).toBe(401);
    expect((await post(hub, token, '{"type":6}\u001e', expired)).status).toBe(200);
    const held = poll(hub, token, { headers: expired });
    hub.live[0]?.write([encodeInvocation('json', 'a', [])]);
    expect((await held).status).toBe(200);
    expect((await fetch(`${hub.url}?id=${token}`, { method: 'DELETE', headers: expired })).status).toBe(202);
    // A connection cannot begin with it.
    const fresh = await tokenFor(hub, alice);
    expect((await poll(hub, fresh, { headers: expired })).status).toBe(401);
    expect((await poll(hub, fresh, { headers: bob })).status).toBe(403);
    expect((await poll(hub, fresh, { headers: alice })).status).toBe(200);
  });

  test('the hub hears of later requests, as for a newer token', async () => {
    const heard: string[] = [];
    await using hub = await serveHub({
      onAuthorized: (connection, { name }) => void heard.push(`${connection.id} ${name}`),
    });
    await startPolling(hub);
    expect(heard).toEqual([`${hub.live[0]?.id} alice`, `${hub.live[0]?.id} alice`]);
  });
});

describe('server-sent events', () => {
  test('begin with a comment and carry each write as one event', async () => {
    await using hub = await serveHub();
    const token = await tokenFor(hub);
    const response = await fetch(`${hub.url}?id=${token}`, { headers: stream });
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-cache,no-store',
      pragma: 'no-cache',
      'content-encoding': 'identity',
    });
    expect((await fetch(`${hub.url}?id=${token}`, { headers: stream })).status).toBe(409);
    expect((await poll(hub, token)).status).toBe(400);
    expect(await upgrade(hub, `?id=${token}`)).toMatchObject({
      status: 400,
      body: 'Cannot change transports mid-connection',
    });
    expect((await fetch(`${hub.url}?id=${token}`, { method: 'DELETE' })).status).toBe(400);
    await post(hub, token, handshake);
    await eventually(() => (hub.live.length === 1 ? undefined : 'no handshake'));
    hub.live[0]?.write([encodeInvocation('json', 'a', []), encodeInvocation('json', 'b', [])]);
    hub.live[0]?.write([Buffer.from('{"type":1,\n"target":"c","arguments":[]}\u001e')]);
    hub.live[0]?.close();
    expect(await response.text()).toBe(
      [
        ':\r\n',
        'data: {}\u001e\r\n\r\n',
        'data: {"type":1,"target":"a","arguments":[]}\u001e{"type":1,"target":"b","arguments":[]}\u001e\r\n\r\n',
        'data: {"type":1,\r\ndata: "target":"c","arguments":[]}\u001e\r\n\r\n',
        'data: {"type":7}\u001e\r\n\r\n',
      ].join(''),
    );
  });

  test('do not carry MessagePack', async () => {
    await using hub = await serveHub();
    const token = await tokenFor(hub);
    const response = await fetch(`${hub.url}?id=${token}`, { headers: stream });
    await post(hub, token, '{"protocol":"messagepack","version":1}\u001e');
    expect(await response.text()).toContain(
      "Cannot use the 'messagepack' protocol on the current transport. The transport does not support 'Binary' transfer format.",
    );
    expect(hub.live).toHaveLength(0);
  });

  test('a reader that stands still is counted byte by byte, and a silent one is ended', async () => {
    await using hub = await serveHub({}, { limits: { clientTimeoutMs: 400, closeTimeoutMs: 100 } });
    const token = await tokenFor(hub);
    const incoming = await new Promise<import('node:http').IncomingMessage>((resolve) =>
      request(`${hub.url}?id=${token}`, { headers: stream }, resolve).end(),
    );
    incoming.on('error', () => {});
    incoming.pause();
    await post(hub, token, handshake);
    await eventually(() => (hub.live.length === 1 ? undefined : 'no handshake'));
    const [connection] = hub.live;
    const message = encodeInvocation('json', 'a', ['x'.repeat(1_000_000)]);
    let last = 0;
    await eventually(() => {
      connection?.write([message]);
      const grown = (connection?.bufferedBytes ?? 0) - last;
      last += grown;
      return grown >= message.length && grown < message.length + 100 ? undefined : 'the kernel still takes it';
    });
    await eventually(() => (hub.connections === 0 ? undefined : 'it is still here'));
    expect(hub.gone[0]?.error?.message).toContain('client time-out');
    expect(connection?.bufferedBytes).toBe(0);
    incoming.destroy();
  });
});

describe('sends', () => {
  test('are dispatched in order, whatever they are cut into', async () => {
    await using hub = await serveHub();
    const token = await startPolling(hub);
    const text = Array.from({ length: 50 }, (_, n) => `{"type":1,"target":"note","arguments":[${n},"€"]}\u001e`).join(
      '',
    );
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += 97) await post(hub, token, bytes.subarray(at, at + 97));
    await Promise.all(Array.from({ length: 10 }, () => post(hub, token, '{"type":6}\u001e')));
    expect(hub.calls.map((call) => call.args[0])).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });

  test('that overlap are taken one after the other', async () => {
    let heard = 0;
    await using hub = await serveHub({ onAuthorized: () => void heard++ });
    const token = await startPolling(hub);
    const before = heard;
    const slow = request(`${hub.url}?id=${token}`, { method: 'POST' });
    const status = new Promise((resolve) => slow.on('response', (it) => resolve(it.resume().statusCode)));
    slow.write('{"type":1,"target":"note",');
    await eventually(() => (heard === before + 1 ? undefined : 'the first send has not arrived'));
    const second = post(hub, token, '{"type":1,"target":"note","arguments":[2]}\u001e');
    await eventually(() => (heard === before + 2 ? undefined : 'the second send has not arrived'));
    slow.end('"arguments":[1]}\u001e');
    expect([await status, (await second).status]).toEqual([200, 200]);
    expect(hub.calls.map((call) => call.args[0])).toEqual([1, 2]);
  });

  test('wait while a method is busy, and hold no more than a bounded backlog', async () => {
    let finish = () => {};
    await using hub = await serveHub({
      methods: { wait: () => new Promise<void>((resolve) => (finish = resolve)), note: () => undefined },
    });
    const token = await startPolling(hub);
    await post(hub, token, '{"type":1,"target":"wait","arguments":[]}\u001e');
    const big = `{"type":1,"target":"note","arguments":["${'x'.repeat(10_000)}"]}\u001e`.repeat(20);
    let taken = false;
    const waiting = post(hub, token, big).then(() => (taken = true));
    await poll(hub, token, { signal: AbortSignal.timeout(100) }).catch(() => {});
    expect(taken).toBe(false);
    finish();
    await waiting;
  });

  test('bigger than allowed are 413, of the allowed size 200', async () => {
    await using hub = await serveHub({}, { limits: { maxPostBytes: 1000 } });
    const token = await startPolling(hub);
    const message = '{"type":6}\u001e';
    expect((await post(hub, token, message.padStart(1000))).status).toBe(200);
    expect((await post(hub, token, message.padStart(1001))).status).toBe(413);
    const chunked = new ReadableStream({
      start(controller) {
        controller.enqueue(Buffer.from(' '.repeat(600)));
        controller.enqueue(Buffer.from(' '.repeat(600)));
        controller.close();
      },
    });
    const response = fetch(`${hub.url}?id=${token}`, { method: 'POST', body: chunked, duplex: 'half' } as RequestInit);
    expect((await response).status).toBe(413);
  });

  test('that break off harm nobody', async () => {
    await using hub = await serveHub();
    const token = await startPolling(hub);
    const broken = request(`${hub.url}?id=${token}`, { method: 'POST', headers: { 'content-length': 100 } });
    broken.on('error', () => {});
    broken.write('{"type"', () => broken.destroy());
    await new Promise((resolve) => broken.once('close', resolve));
    const other = await startPolling(hub);
    expect((await post(hub, other, '{"type":6}\u001e')).status).toBe(200);
  });
});

describe('CORS', () => {
  test('names the origin that the hub allows, and answers preflights', async () => {
    await using hub = await serveHub({ cors: (it) => corsHeaders(it, (origin) => origin === 'https://good.example') });
    const preflight = (origin: string) =>
      fetch(`${hub.url}/negotiate`, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-headers': 'x-mine', 'access-control-request-method': 'POST' },
      });
    const allowed = await preflight('https://good.example');
    expect(allowed.status).toBe(204);
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      'access-control-allow-origin': 'https://good.example',
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
      'access-control-allow-headers': 'authorization, content-type, x-requested-with, x-signalr-user-agent, x-mine',
      vary: 'Origin',
    });
    expect((await preflight('https://evil.example')).headers.has('access-control-allow-origin')).toBe(false);
    const token = await tokenFor(hub);
    for (const headers of [{}, stream]) {
      const response = await fetch(`${hub.url}?id=${token}`, {
        headers: { ...headers, origin: 'https://good.example' },
      });
      expect(response.headers.get('access-control-allow-origin')).toBe('https://good.example');
      await response.body?.cancel();
    }
  });
});

test('on another worker a negotiated WebSocket begins, event streams and polls do not without a way to theirs', async () => {
  await using first = await serveHub();
  await using second = await serveHub({}, { worker: { id: 'worker-2', address: '127.0.0.1' } });
  const token = await tokenFor(first);
  for (const headers of [{}, stream]) {
    const response = await fetch(`${second.url}?id=${token}`, { headers });
    expect([response.status, await response.text()]).toEqual([404, 'No Connection with that ID']);
  }
  expect((await post(second, token, handshake)).status).toBe(404);
  expect(await upgrade(second, `?id=${token}`)).toMatchObject({ status: 101 });
});

test('closing tells everybody to reconnect, ends who does not listen, and refuses newcomers', async () => {
  await using hub = await serveHub({}, { limits: { closeTimeoutMs: 200 } });
  const token = await startPolling(hub);
  const held = poll(hub, token);
  await startPolling(hub);
  await eventually(() => (hub.live.length === 2 ? undefined : 'not both are here'));
  const closed = hub.close();
  expect(await (await held).text()).toBe('{"type":7,"allowReconnect":true}\u001e');
  const refused = await fetch(`${hub.url}/negotiate`, { method: 'POST' }).catch(() => undefined);
  if (refused) expect(refused.status).toBe(503);
  await closed;
  expect(hub.gone).toHaveLength(2);
  expect(hub.connections).toBe(0);
});
