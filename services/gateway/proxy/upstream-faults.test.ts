import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { text as textOf } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import { bareEnvironment } from '#test/dev-env/bare-environment.ts';
import { spawnChild } from '#test/dev-env/child.ts';
import { freePort } from '#test/dev-env/free-port.ts';
import { startTcpProxy } from '#test/dev-env/tcp-proxy.ts';
import { eventually } from '#test/eventually.ts';
import { JumpingClock } from '#test/jumping-clock.ts';
import { bearerOf, rawExchange, startGateway, startService, type TestGateway } from '../gateway.fixture.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const it of open.splice(0).reverse()) await it[Symbol.asyncDispose]();
});

async function use<T extends AsyncDisposable>(starting: Promise<T>): Promise<T> {
  const started = await starting;
  open.push(started);
  return started;
}

const gatewayTo = (url: string, options: Parameters<typeof startGateway>[0] = {}) =>
  use(startGateway({ services: { notification: url, hub: url }, ...options }));

async function call(gateway: TestGateway, method = 'GET', init: RequestInit = {}) {
  const headers = { ...(await bearerOf('alice')), ...init.headers };
  const answer = await fetch(`${gateway.url}/api/notifications`, { method, ...init, headers });
  const text = await answer.text();
  return { status: answer.status, text, retryAfter: answer.headers.get('retry-after') };
}

const metric = async (gateway: TestGateway, name: string) => gateway.metrics.registry.getSingleMetricAsString(name);

describe('a service that is not there', () => {
  it('is answered 503 with Retry-After, and works as soon as it is there', async () => {
    const service = await use(startService());
    const proxy = await use(startTcpProxy({ port: service.port }));
    proxy.refuse();
    const gateway = await gatewayTo(proxy.through(service.url), { limits: { circuitFailures: 1_000 } });
    const { status, text, retryAfter } = await call(gateway);
    expect({ status, retryAfter }).toEqual({ status: 503, retryAfter: '1' });
    expect(JSON.parse(text)).toMatchObject({ code: 'unavailable' });
    expect(text).not.toMatch(/ECONN|127\.0\.0\.1|notification/);
    expect(gateway.logged()).toContain('ECONNREFUSED');
    await proxy.heal();
    expect((await call(gateway)).status).toBe(200);
  });

  it('is given up when nothing moves, be its connection half-open or swallowed', async () => {
    const service = await use(startService());
    const proxy = await use(startTcpProxy({ port: service.port }));
    const url = proxy.through(service.url);
    const gateway = await gatewayTo(url, { limits: { silenceTimeoutMs: 1_500 } });
    const patient = await gatewayTo(url);
    proxy.blackhole();
    expect(await call(gateway)).toMatchObject({ status: 503 });
    expect(await metric(gateway, 'gateway_upstream_failures_total')).toMatch(/reason="silent".* 1/);
    await proxy.heal();
    expect((await call(patient)).status).toBe(200);
    expect((await call(gateway)).status).toBe(200);
    // Of its kept connection only the gateway's side is left: nothing tells it so.
    proxy.halfOpen();
    expect((await call(gateway)).status).toBe(503);
    expect((await call(gateway)).status).toBe(200);
  });

  it('is not waited for by more requests than there are connections for', async () => {
    const clock = new JumpingClock();
    const held: ServerResponse[] = [];
    const service = await use(startService((_request, response) => void held.push(response)));
    const gateway = await gatewayTo(service.url, {
      clock,
      limits: { maxConnectionsPerService: 2, circuitFailures: 1_000 },
    });
    const calls = [call(gateway), call(gateway), call(gateway)];
    await eventually(() => (held.length === 2 ? undefined : `${held.length} arrived`));
    const answered: number[] = [];
    for (const calling of calls) void calling.then(({ status }) => answered.push(status));
    await eventually(() => {
      clock.jump(2_000);
      return answered.length > 0 ? undefined : 'nobody was answered';
    });
    expect(answered).toEqual([503]);
    for (const response of held) response.end('{}');
    expect((await Promise.all(calls)).map(({ status }) => status).sort()).toEqual([200, 200, 503]);
    expect(held).toHaveLength(2);
  });
});

describe('retries', () => {
  /** Takes connections and drops each of the first `failures` when a request arrives on it. */
  async function startDropping(failures: number) {
    let dropped = 0;
    const service = await use(
      startService((request, response) => {
        if (dropped < failures) {
          dropped += 1;
          request.socket.resetAndDestroy();
        } else response.end('{}');
      }),
    );
    return service;
  }

  it.each(['GET', 'HEAD', 'PUT', 'DELETE'])(
    '%s is tried again when a kept connection turns out to be dead',
    async (method) => {
      const service = await use(startService());
      const proxy = await use(startTcpProxy({ port: service.port }));
      const gateway = await gatewayTo(proxy.through(service.url));
      expect((await call(gateway)).status).toBe(200);
      // The service is gone and back, and the gateway heard nothing of it.
      proxy.setFaults('toServer', { cutAfterBytes: 1, cutBy: 'reset' });
      const kept = proxy.accepted;
      const calling = call(gateway, method);
      await eventually(() => (proxy.accepted > kept ? undefined : 'no second attempt'));
      await calling;
      expect(await metric(gateway, 'gateway_retries_total')).toMatch(/ 1$/m);
      await proxy.heal();
      expect((await call(gateway, method)).status).toBe(200);
    },
  );

  it('never sends a POST twice', async () => {
    const service = await startDropping(1);
    const gateway = await gatewayTo(service.url);
    expect((await call(gateway, 'POST', { body: '{}' })).status).toBe(503);
    expect(service.requests).toHaveLength(1);
    expect((await call(gateway, 'POST', { body: '{}' })).status).toBe(200);
    expect(service.requests).toHaveLength(2);
  });

  it('never sends twice what a live connection has taken', async () => {
    const service = await startDropping(1);
    const gateway = await gatewayTo(service.url);
    expect((await call(gateway)).status).toBe(503);
    expect(service.requests).toHaveLength(1);
  });

  it('dials for as long as a connection may take, whatever the method, and not longer', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const limits = { circuitFailures: 1_000 };
    const [patient, hasty] = [
      await gatewayTo(url, { limits }),
      await gatewayTo(url, { limits: { ...limits, connectTimeoutMs: 40 } }),
    ];
    for (const [method, init] of [
      ['GET', {}],
      ['POST', { body: '{}' }],
    ] as const) {
      expect((await call(patient, method, init)).status).toBe(503);
      expect((await call(hasty, method, init)).status).toBe(503);
    }
    expect(await metric(hasty, 'gateway_upstream_failures_total')).toMatch(/reason="unreachable".* 2$/m);
    expect(await metric(patient, 'gateway_upstream_failures_total')).toMatch(/reason="unreachable".* \d\d$/m);
  });

  it.each(['GET', 'POST', 'PUT'])(
    '%s waits for another replica where one is gone, and is sent once',
    async (method) => {
      const body = method === 'GET' ? undefined : randomBytes(40_000).toString('hex').slice(0, 60_000);
      const received: string[] = [];
      const service = await use(
        startService(async (request, response) => {
          received.push(await textOf(request));
          response.end('{}');
        }),
      );
      const proxy = await use(startTcpProxy({ port: service.port }));
      const gateway = await gatewayTo(proxy.through(service.url), { limits: { connectTimeoutMs: 20_000 } });
      proxy.refuse();
      const calling = call(gateway, method, body === undefined ? {} : { body });
      await eventually(async () =>
        / [1-9]/.test((await metric(gateway, 'gateway_retries_total')).replace(/^#.*$/gm, ''))
          ? undefined
          : 'no second try',
      );
      await proxy.heal();
      expect((await calling).status).toBe(200);
      expect(received).toEqual([body ?? '']);
    },
  );

  it('dials again where a connection is swallowed', async () => {
    const stuck = await use(startStuck());
    const gateway = await gatewayTo(stuck.url, { limits: { connectTimeoutMs: 20_000 } });
    const calling = call(gateway, 'POST', { body: '{}' });
    await eventually(async () =>
      /reason="unreachable".* [1-9]/.test(await metric(gateway, 'gateway_upstream_failures_total'))
        ? undefined
        : 'it waits',
    );
    stuck.goOn();
    expect((await calling).status).toBe(200);
  });
});

/** A service that is stopped, and whose system takes no more connections for it. */
async function startStuck() {
  const program = `require('node:http').createServer((request, response) => response.end('{}'))
    .listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () { console.log('port ' + this.address().port); });`;
  const child = await spawnChild({
    command: process.execPath,
    args: ['-e', program],
    env: bareEnvironment(),
    cwd: '/',
  });
  let port = 0;
  await eventually(() => {
    port = Number(/port (\d+)/.exec(child.output())?.[1]);
    return port > 0 ? undefined : child.output();
  });
  process.kill(child.pid, 'SIGSTOP');
  const waiting = Array.from({ length: 4 }, () => connect(port, '127.0.0.1').on('error', () => undefined));
  await once(waiting[0] as Socket, 'connect');
  return {
    url: `http://127.0.0.1:${port}`,
    goOn() {
      for (const socket of waiting) socket.destroy();
      process.kill(child.pid, 'SIGCONT');
    },
    async [Symbol.asyncDispose]() {
      for (const socket of waiting) socket.destroy();
      await child.kill();
    },
  };
}

describe('the circuit of a service', () => {
  it('opens after failures in a row, asks nobody, and closes when the service is back', async () => {
    const service = await use(startService());
    const proxy = await use(startTcpProxy({ port: service.port }));
    const gateway = await gatewayTo(proxy.through(service.url), {
      limits: { circuitFailures: 4, circuitOpenMs: 600_000 },
    });
    const short = await gatewayTo(proxy.through(service.url), { limits: { circuitFailures: 4, circuitOpenMs: 10 } });
    proxy.refuse();
    for (const it of [gateway, short]) {
      for (let count = 0; count < 4; count += 1) expect((await call(it, 'POST')).status).toBe(503);
    }
    await proxy.heal();
    const accepted = proxy.accepted;
    expect(await call(gateway, 'POST')).toMatchObject({ status: 503, retryAfter: '600' });
    expect(proxy.accepted).toBe(accepted);
    expect(await metric(gateway, 'gateway_circuit_open')).toMatch(/service="notification".* 1/);
    await eventually(async () => ((await call(short, 'POST')).status === 200 ? undefined : 'still open'));
    expect(await metric(short, 'gateway_circuit_open')).toMatch(/service="notification".* 0/);
  });

  it('stays closed for one failure less, and for errors that the service answers itself', async () => {
    let status = 500;
    const service = await use(startService((_request, response) => response.writeHead(status).end('{}')));
    const proxy = await use(startTcpProxy({ port: service.port }));
    const limits = { circuitFailures: 3, circuitOpenMs: 600_000 };
    const gateway = await gatewayTo(proxy.through(service.url), { limits });
    for (const answered of [500, 503, 500, 503]) {
      status = answered;
      expect((await call(gateway, 'POST')).status).toBe(answered);
    }
    status = 200;
    for (let round = 0; round < 2; round += 1) {
      proxy.refuse();
      proxy.cut();
      for (let count = 0; count < 2; count += 1) expect((await call(gateway, 'POST')).status).toBe(503);
      await proxy.heal();
      expect((await call(gateway, 'POST')).status).toBe(200);
    }
  });

  it('stays closed when one replica dies with all that it had in hand', async () => {
    let dying = true;
    const service = await use(startService((_request, response) => void (dying || response.end('{}'))));
    const gateway = await gatewayTo(service.url, { limits: { circuitFailures: 2, circuitOpenMs: 600_000 } });
    const calls = Array.from({ length: 10 }, () => call(gateway, 'POST'));
    await eventually(() => (service.requests.length === 10 ? undefined : `${service.requests.length} there`));
    for (const request of service.requests) request.socket.resetAndDestroy();
    expect(new Set((await Promise.all(calls)).map(({ status }) => status))).toEqual(new Set([503]));
    dying = false;
    expect((await call(gateway, 'POST')).status).toBe(200);
  });

  it('stays closed when clients are slow with their bodies', async () => {
    const service = await use(
      startService((request, response) => void request.resume().on('end', () => response.end('{}'))),
    );
    const limits = { circuitFailures: 1, circuitOpenMs: 600_000, silenceTimeoutMs: 1_000 };
    const gateway = await gatewayTo(service.url, { limits });
    const { authorization } = await bearerOf('alice');
    const head = `POST /api/notifications HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Length: 10\r\n\r\n`;
    expect(await rawExchange(gateway.port, `${head}12345`)).toMatch(/^HTTP\/1.1 400.*did not arrive in time/s);
    expect(await metric(gateway, 'gateway_circuit_open')).toMatch(/service="notification".* 0/);
    expect((await call(gateway, 'POST', { body: '{}' })).status).toBe(200);
  });

  it('is not tried by a poll, for which all would wait', async () => {
    const service = await use(
      startService((request, response) => void (request.url?.includes('negotiate') && response.end('{}'))),
    );
    const proxy = await use(startTcpProxy({ port: service.port }));
    const gateway = await gatewayTo(proxy.through(service.url), { limits: { circuitFailures: 1, circuitOpenMs: 10 } });
    const headers = await bearerOf('alice');
    const poll = (init = {}) => fetch(`${gateway.url}/hubs/notifications?id=x`, { headers, ...init });
    const negotiate = () => fetch(`${gateway.url}/hubs/notifications/negotiate`, { method: 'POST', headers });
    proxy.refuse();
    expect((await negotiate()).status).toBe(503);
    await proxy.heal();
    for (let count = 0; count < 5; count += 1) expect((await poll()).status).toBe(503);
    await eventually(async () => ((await negotiate()).status === 200 ? undefined : 'still open'));
    const leaving = new AbortController();
    const polling = poll({ signal: leaving.signal });
    await eventually(() => (service.requests.some(({ url }) => url?.includes('id=x')) ? undefined : 'not passed on'));
    leaving.abort();
    await expect(polling).rejects.toThrow();
  });

  it('of one service leaves the others alone', async () => {
    const service = await use(startService());
    const dead = `http://127.0.0.1:${await freePort()}`;
    const gateway = await use(
      startGateway({
        services: { notification: service.url, chat: dead },
        limits: { circuitFailures: 1, circuitOpenMs: 600_000 },
      }),
    );
    expect((await fetch(`${gateway.url}/api/chat`, { headers: await bearerOf('alice') })).status).toBe(503);
    expect((await call(gateway)).status).toBe(200);
  });

  it('does not make anybody wait for a service that hangs', async () => {
    const hanging = await use(startService(() => {}));
    const service = await use(startService());
    const gateway = await use(startGateway({ services: { notification: service.url, chat: hanging.url } }));
    const leaving = new AbortController();
    const headers = await bearerOf('alice');
    const stuck = Array.from({ length: 50 }, () =>
      fetch(`${gateway.url}/api/chat`, { headers, signal: leaving.signal }).catch(() => 'left'),
    );
    await eventually(() => (hanging.requests.length === 50 ? undefined : `${hanging.requests.length} hang`));
    expect((await call(gateway)).status).toBe(200);
    leaving.abort();
    expect(new Set(await Promise.all(stuck))).toEqual(new Set(['left']));
    await eventually(() => (hanging.connections() === 0 ? undefined : 'the requests go on'));
  });

  it('does not count callers that leave', async () => {
    let hang = true;
    const service = await use(startService((_request, response) => void (hang || response.end('{}'))));
    const gateway = await gatewayTo(service.url, { limits: { circuitFailures: 1, circuitOpenMs: 600_000 } });
    const leaving = new AbortController();
    const calling = call(gateway, 'GET', { signal: leaving.signal });
    await eventually(() => (service.requests.length === 1 ? undefined : 'not there yet'));
    leaving.abort();
    await expect(calling).rejects.toThrow();
    await eventually(() => (service.connections() === 0 ? undefined : 'the request goes on'));
    hang = false;
    expect((await call(gateway)).status).toBe(200);
  });
});

describe('answers', () => {
  it('that break off break off for the client too', async () => {
    let whole = false;
    const service = await use(
      startService((_request, response) => {
        response.writeHead(200, { 'content-length': 10 });
        if (whole) response.end('0123456789');
        else response.write('01234', () => response.destroy());
      }),
    );
    const gateway = await gatewayTo(service.url);
    await expect(call(gateway)).rejects.toThrow();
    whole = true;
    expect((await call(gateway)).text).toBe('0123456789');
  });

  it('that are no HTTP are 503', async () => {
    const garbage = createServer((socket) => {
      socket.on('error', () => {});
      socket.end('SSH-2.0-canary\r\n\r\n');
    });
    garbage.listen(0, '127.0.0.1');
    await once(garbage, 'listening');
    open.push({ [Symbol.asyncDispose]: async () => void garbage.close() });
    const gateway = await gatewayTo(`http://127.0.0.1:${(garbage.address() as AddressInfo).port}`);
    const { status, text } = await call(gateway);
    expect(status).toBe(503);
    expect(text).not.toContain('canary');
  });

  it('that stall in the middle are given up', async () => {
    const service = await use(
      startService((_request, response) => {
        response.writeHead(200);
        response.write('begun');
      }),
    );
    const gateway = await gatewayTo(service.url, { limits: { silenceTimeoutMs: 1_500 } });
    await expect(call(gateway)).rejects.toThrow();
    await eventually(() => (service.connections() === 0 ? undefined : 'the connection is kept'));
  });

  it('of other kinds pass as they are', async () => {
    const service = await use(
      startService((request, response) => {
        if (request.method === 'DELETE') response.writeHead(204).end();
        else response.writeHead(409, { 'set-cookie': ['a=1', 'b=2'], 'x-own': '1', vary: 'Accept' }).end('no');
      }),
    );
    const gateway = await gatewayTo(service.url);
    expect(await call(gateway, 'DELETE')).toMatchObject({ status: 204, text: '' });
    const answer = await fetch(`${gateway.url}/api/notifications`, { headers: await bearerOf('alice') });
    expect(answer.status).toBe(409);
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(answer.headers.get('x-own')).toBe('1');
    expect(answer.headers.get('vary')).toBe('Origin, Accept');
    expect(await answer.text()).toBe('no');
  });
});

describe('streams', () => {
  const megabytes = 64;

  it('hold no answer whole: a slow reader stops the service', async () => {
    let written = 0;
    const service = await use(
      startService((_request, response) => {
        const chunk = randomBytes(64 * 1024);
        const write = () => {
          while (written < megabytes * 1024 * 1024) {
            written += chunk.length;
            if (!response.write(chunk)) {
              response.once('drain', write);
              return;
            }
          }
          response.end();
        };
        write();
      }),
    );
    const gateway = await gatewayTo(service.url);
    const client = connect(gateway.port, '127.0.0.1');
    client.write(
      `GET /api/notifications HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ${(await bearerOf('alice')).authorization}\r\n\r\n`,
    );
    let last = -1;
    await eventually(
      () => {
        const still = written > 0 && written === last;
        last = written;
        return still ? undefined : 'still writing';
      },
      { everyMs: 300 },
    );
    expect(written).toBeLessThan((megabytes / 2) * 1024 * 1024);
    let received = 0;
    client.on('data', (bytes) => {
      received += bytes.length;
    });
    await once(client, 'close');
    expect(received).toBeGreaterThan(megabytes * 1024 * 1024);
  });

  it('show each piece when it comes', async () => {
    let going: ServerResponse | undefined;
    const service = await use(
      startService((_request, response) => {
        going = response;
        response.writeHead(200);
        response.write('one');
      }),
    );
    const gateway = await gatewayTo(service.url);
    const answer = await fetch(`${gateway.url}/api/notifications`, { headers: await bearerOf('alice') });
    const reader = answer.body?.getReader();
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('one');
    going?.end('two');
    expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe('two');
  });
});

describe('bodies', () => {
  const limit = 100_000;

  async function startCounting() {
    const seen: { bytes: number; ended: boolean; gone: boolean }[] = [];
    const service = await use(
      startService((request, response) => {
        const one = { bytes: 0, ended: false, gone: false };
        seen.push(one);
        request.on('data', (chunk) => {
          one.bytes += chunk.length;
        });
        request.on('end', () => {
          one.ended = true;
          response.end(String(one.bytes));
        });
        request.on('error', () => {});
        response.on('close', () => {
          one.gone = true;
        });
      }),
    );
    return { seen, gateway: await gatewayTo(service.url, { limits: { maxBodyBytes: limit } }) };
  }

  async function post(
    gateway: TestGateway,
    bytes: number,
    chunked: boolean,
    headers = {},
  ): Promise<{ status: number; text: string }> {
    const { authorization } = await bearerOf('alice');
    return new Promise((resolve, reject) => {
      const sending = httpRequest(`${gateway.url}/api/notifications`, {
        method: 'POST',
        headers: { authorization, ...(chunked ? {} : { 'content-length': bytes }), ...headers },
      });
      sending.on('error', reject);
      sending.on('response', (answer: IncomingMessage) => {
        let text = '';
        answer.on('data', (chunk) => {
          text += chunk;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      });
      const piece = Buffer.alloc(10_000, 'x');
      let left = bytes;
      const write = () => {
        while (left > 0) {
          const next = piece.subarray(0, Math.min(left, piece.length));
          left -= next.length;
          if (!sending.write(next)) {
            sending.once('drain', write);
            return;
          }
        }
        sending.end();
      };
      write();
    });
  }

  it.each([false, true])('pass up to their limit, in chunks: %s', async (chunked) => {
    const { gateway } = await startCounting();
    expect(await post(gateway, limit, chunked)).toEqual({ status: 200, text: String(limit) });
  });

  it('that say to be too large are 413 and reach nobody', async () => {
    const { gateway, seen } = await startCounting();
    const { status, text } = await post(gateway, limit + 1, false);
    expect({ status, code: JSON.parse(text).code }).toEqual({ status: 413, code: 'too_large' });
    expect(seen).toHaveLength(0);
  });

  it('that grow too large on the way are 413, and the service sees them break off', async () => {
    const { gateway, seen } = await startCounting();
    const { status, text } = await post(gateway, limit + 1, true);
    expect({ status, code: JSON.parse(text).code }).toEqual({ status: 413, code: 'too_large' });
    await eventually(() => (seen[0]?.gone ? undefined : 'the service still waits'));
    expect(seen[0]).toMatchObject({ ended: false });
    expect((await post(gateway, limit, true)).status).toBe(200);
  });

  it('that are huge cost no memory and end in 413', async () => {
    const { gateway } = await startCounting();
    const before = process.memoryUsage().arrayBuffers;
    const { status } = await post(gateway, 5_000_000, true);
    expect(status).toBe(413);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4_000_000);
  });

  it('are not asked for before the token was looked at', async () => {
    const { gateway, seen } = await startCounting();
    const expecting = (authorization: string) =>
      new Promise<string[]>((resolve, reject) => {
        const events: string[] = [];
        const sending = httpRequest(`${gateway.url}/api/notifications`, {
          method: 'POST',
          headers: { authorization, expect: '100-continue', 'content-length': 2 },
        });
        sending.on('error', reject);
        sending.on('continue', () => {
          events.push('continue');
          sending.end('{}');
        });
        sending.on('response', (answer) => {
          events.push(String(answer.statusCode));
          answer.resume();
          resolve(events);
          sending.destroy();
        });
        sending.flushHeaders();
      });
    expect(await expecting('Bearer x')).toEqual(['401']);
    expect(seen).toHaveLength(0);
    expect(await expecting((await bearerOf('alice')).authorization)).toEqual(['continue', '200']);
  });

  it('that a service does not want to read get its answer all the same', async () => {
    const service = await use(startService((_request, response) => response.writeHead(409).end('no need')));
    const gateway = await gatewayTo(service.url, { limits: { maxBodyBytes: 10_000_000 } });
    expect(await post(gateway, 3_000_000, false)).toEqual({ status: 409, text: 'no need' });
  });

  it('of clients that leave in the middle end at the service too', async () => {
    const { gateway, seen } = await startCounting();
    const { authorization } = await bearerOf('alice');
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write(
      `POST /api/notifications HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization}\r\nContent-Length: 10\r\n\r\n12345`,
    );
    await eventually(() => (seen[0]?.bytes === 5 ? undefined : 'not there yet'));
    socket.destroy();
    await eventually(() => (seen[0]?.gone ? undefined : 'the service still waits'));
    expect(seen[0]).toMatchObject({ ended: false });
    expect((await post(gateway, 10, false)).status).toBe(200);
  });
});
