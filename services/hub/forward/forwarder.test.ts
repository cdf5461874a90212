import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { spawnChild } from '#test/dev-env/child.ts';
import { freePort } from '#test/dev-env/free-port.ts';
import { eventually } from '#test/eventually.ts';
import { maxBodyBytes, ownerId, serve, serveFront, serveOwner } from './forwarder.fixture.ts';

function use<T extends AsyncDisposable>(part: T): T {
  onTestFinished(async () => part[Symbol.asyncDispose]());
  return part;
}

async function pair(
  listener: (request: IncomingMessage, response: ServerResponse) => void,
  limits: Parameters<typeof serveFront>[1] = {},
) {
  const owner = use(await serveOwner(listener));
  return { owner, front: use(await serveFront(owner.url, limits)) };
}

const path = '/hubs/notifications?id=a%2Fb&access_token=t';

/** Sends all of a body, however little of it is wanted. */
function post(url: string, bytes: number, { chunked = false } = {}): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = chunked ? {} : { 'content-length': bytes };
    const sending = httpRequest(url + path, { method: 'POST', headers, agent: false });
    sending.on('error', reject);
    sending.on('response', async (answer) => {
      resolve({ status: answer.statusCode ?? 0, text: await textOf(answer) });
    });
    for (let left = bytes; left > 0; left -= 10_000) sending.write(Buffer.alloc(Math.min(left, 10_000), 'x'));
    sending.end();
  });
}

async function textOf(source: AsyncIterable<unknown>): Promise<string> {
  let all = '';
  for await (const chunk of source) all += chunk;
  return all;
}

describe('a request', () => {
  it('reaches the owner as it is, without what a client could claim by way of us', async () => {
    const bodies: string[] = [];
    const { owner, front } = await pair(async (request, response) => {
      bodies.push(await textOf(request));
      response.end();
    });
    const good = {
      accept: 'text/event-stream',
      authorization: 'Bearer t',
      'content-type': 'text/plain;charset=UTF-8',
      origin: 'https://sonixy.example',
      'user-agent': 'stock',
    };
    const claims = {
      'x-forwarded-for': '10.9.9.9',
      'x-internal-worker': 'me',
      'x-user-id': 'eve',
      cookie: 'a=b',
    };
    await fetch(front.url + path, { method: 'POST', headers: { ...good, ...claims }, body: 'hello' });
    await fetch(front.url + path, { method: 'DELETE' });
    const [first, second] = owner.requests;
    expect([first?.method, first?.url, bodies[0]]).toEqual(['POST', path, 'hello']);
    expect(first?.headers).toEqual({
      ...good,
      'content-length': '5',
      'x-internal-forwarded': expect.stringMatching(/^1\./),
      host: `127.0.0.1:${owner.port}`,
      connection: 'keep-alive',
    });
    expect([second?.method, bodies[1]]).toEqual(['DELETE', '']);
    expect(owner.requests.map((request) => front.mark.clientOf(request))).toEqual(['127.0.0.1', '127.0.0.1']);
    // One connection did for both.
    expect(first?.socket).toBe(second?.socket);
  });

  it('reaches an owner that has an IPv6 address', async () => {
    const owner = use(await serveOwner((_request, response) => response.end('six'), '::1'));
    const front = use(await serveFront(owner.url));
    expect(owner.url).toMatch(/^http:\/\/\[::1\]:/);
    expect(await (await fetch(front.url + path)).text()).toBe('six');
  });

  it.each([undefined, '', 'nonsense', '127.0.0.1'])('for an owner at %j finds nobody', async (address) => {
    const front = use(await serveFront(address));
    expect(await (await fetch(front.url)).text()).toBe('gone');
  });

  it('is never passed on twice, also when its mark is forged', async () => {
    const { owner, front } = await pair((_request, response) => void response.end());
    for (const headers of [front.mark.headersFor('10.0.0.1'), { 'x-internal-forwarded': 'forged' }]) {
      expect(await (await fetch(front.url, { headers })).text()).toBe('gone');
    }
    expect(owner.requests).toHaveLength(0);
    expect((await fetch(front.url)).status).toBe(200);
  });
});

describe('an answer', () => {
  it('comes back as it is, without what is about the connection', async () => {
    const { front } = await pair((_request, response) =>
      response
        .writeHead(404, { 'x-own': '1', 'retry-after': '3', connection: 'x-hop, close', 'x-hop': '1', vary: 'Origin' })
        .end('No Connection with that ID'),
    );
    const answer = await fetch(front.url + path);
    expect([answer.status, await answer.text()]).toEqual([404, 'No Connection with that ID']);
    expect(Object.fromEntries(answer.headers)).toMatchObject({ 'x-own': '1', 'retry-after': '3', vary: 'Origin' });
    for (const name of ['x-hop', 'x-internal-worker']) expect(answer.headers.has(name)).toBe(false);
    expect(answer.headers.get('connection')).toBe('keep-alive');
  });

  it('is shown piece by piece, its headers first', async () => {
    let going: ServerResponse | undefined;
    const { front } = await pair((_request, response) => {
      going = response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
    });
    const answer = await fetch(front.url + path);
    expect(answer.headers.get('content-type')).toBe('text/event-stream');
    const reader = answer.body?.getReader();
    for (const piece of ['data: one\n\n', 'data: two\n\n']) {
      going?.write(piece);
      expect(Buffer.from((await reader?.read())?.value ?? []).toString()).toBe(piece);
    }
    going?.end();
    expect((await reader?.read())?.done).toBe(true);
  });

  it('of somebody else who has that address now is not shown', async () => {
    const stranger = use(await serve((_request, response) => response.setHeader('x-internal-worker', 'b').end('hi')));
    const front = use(await serveFront(stranger.url));
    expect(await (await fetch(front.url)).text()).toBe('gone');
    expect(await front.counted()).toEqual({ gone: 1 });
  });

  it('stops the owner when the client reads slowly, and holds nothing whole', async () => {
    const megabytes = 64;
    let written = 0;
    const { front } = await pair((_request, response) => {
      const chunk = randomBytes(64 * 1024);
      const write = () => {
        while (written < megabytes * 2 ** 20) {
          written += chunk.length;
          if (!response.write(chunk)) return void response.once('drain', write);
        }
        response.end();
      };
      write();
    });
    const client = connect(front.port, '127.0.0.1');
    client.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    let last = -1;
    await eventually(
      () => {
        const still = written > 0 && written === last;
        last = written;
        return still ? undefined : 'still writing';
      },
      { everyMs: 300 },
    );
    expect(written).toBeLessThan((megabytes / 2) * 2 ** 20);
    let received = 0;
    client.on('data', (bytes) => {
      received += bytes.length;
    });
    await once(client, 'close');
    expect(received).toBeGreaterThan(megabytes * 2 ** 20);
  });
});

describe('who goes away', () => {
  it('as a client takes its request to the owner along, before an answer and in the midst of one', async () => {
    let closed = 0;
    const { owner, front } = await pair((request, response) => {
      response.once('close', () => {
        closed += 1;
      });
      if (request.headers.accept === 'text/event-stream') response.writeHead(200).write('one');
    });
    const leave = new AbortController();
    const polling = fetch(front.url, { signal: leave.signal });
    const streaming = await fetch(front.url, { headers: { accept: 'text/event-stream' }, signal: leave.signal });
    await eventually(() => (owner.requests.length === 2 ? undefined : 'not there yet'));
    leave.abort();
    await expect(polling).rejects.toThrow();
    await expect(streaming.text()).rejects.toThrow();
    await eventually(() => (closed === 2 ? undefined : `${closed} of 2 ended at the owner`));
    expect(await front.counted()).toEqual({ left: 1, answered: 1 });
  });

  it('as a client before its request is passed on reaches nobody', async () => {
    const { owner, front } = await pair((_request, response) => void response.end());
    const outcomes: string[] = [];
    const slow = use(
      await serve((request, response) => {
        response.once('close', async () => {
          outcomes.push(await front.forwarder.forward({ id: ownerId, address: owner.url }, request, response));
        });
      }),
    );
    const client = connect(slow.port, '127.0.0.1', () => {
      client.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`, () => client.destroy());
    });
    await eventually(() => (outcomes.length === 1 ? undefined : 'not passed on yet'));
    expect(outcomes).toEqual(['left']);
    expect(owner.requests).toHaveLength(0);
  });

  it('as a client in the midst of a body leaves none at the owner', async () => {
    let broken = 0;
    const { owner, front } = await pair((request) => {
      request.resume().once('error', () => {
        broken += 1;
      });
    });
    const client = connect(front.port, '127.0.0.1');
    client.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345`);
    await eventually(() => (owner.requests.length === 1 ? undefined : 'not there yet'));
    client.destroy();
    await eventually(() => (broken === 1 ? undefined : 'the owner still waits'));
  });

  it('as an owner breaks off the answer, or leaves none', async () => {
    const { front } = await pair((request, response) => {
      if (request.method === 'POST') request.socket.destroy();
      else response.writeHead(200, { 'content-length': 10 }).write('01234', () => response.destroy());
    });
    await expect(fetch(front.url).then((answer) => answer.text())).rejects.toThrow();
    expect(await post(front.url, 5)).toEqual({ status: 599, text: 'broken' });
    expect(await front.counted()).toEqual({ answered: 1, broken: 1 });
  });

  it('as an owner that is dead is gone at once', async () => {
    const front = use(await serveFront(`http://127.0.0.1:${await freePort()}`, { connectTimeoutMs: 600_000 }));
    expect(await (await fetch(front.url)).text()).toBe('gone');
    expect(await post(front.url, 5)).toEqual({ status: 599, text: 'gone' });
  });

  it('as an owner whose machine says nothing is gone after a short while', async () => {
    const port = await freePort();
    const frozen = await spawnChild({
      command: process.execPath,
      args: [
        '-e',
        `require('net').createServer().listen(${port}, '127.0.0.1', 1, () => process.kill(process.pid, 'SIGSTOP'))`,
      ],
      env: {},
      cwd: '/',
    });
    onTestFinished(() => frozen.kill());
    // The kernel takes connections for it, until its backlog is full.
    await eventually(async () => {
      const filling = connect(port, '127.0.0.1').on('error', () => {});
      onTestFinished(() => void filling.destroy());
      const taken = await Promise.race([
        once(filling, 'connect').then(
          () => true,
          () => true,
        ),
        new Promise((resolve) => setTimeout(resolve, 2_000, false)),
      ]);
      return taken ? 'still taken' : undefined;
    });
    const front = use(await serveFront(`http://127.0.0.1:${port}`, { connectTimeoutMs: 300 }));
    expect(await (await fetch(front.url)).text()).toBe('gone');
  });
});

describe('silence', () => {
  it('of an owner ends a request, answered or not, and one that speaks in time stays', async () => {
    const { front } = await pair(
      (request, response) => {
        if (request.url === '/never') return;
        response.writeHead(200).write('begun');
        if (request.url === '/stalls') return;
        const timer = setInterval(() => response.write('.'), 100);
        response.once('close', () => clearInterval(timer));
        setTimeout(() => response.end('!'), 5_000);
      },
      { silenceTimeoutMs: 3_000 },
    );
    const [never, stalls, speaks] = ['/never', '/stalls', '/speaks'].map((it) =>
      fetch(front.url + it).then((answer) => answer.text()),
    );
    expect(await never).toBe('silent');
    await expect(stalls).rejects.toThrow();
    expect(await speaks).toMatch(/^begun\.+!$/);
  });

  it('of a client that reads nothing ends its stream at the owner', async () => {
    let closed = false;
    const { front } = await pair(
      (_request, response) => {
        const chunk = randomBytes(64 * 1024);
        const write = () => {
          while (response.write(chunk));
          response.once('drain', write);
        };
        response.once('close', () => {
          closed = true;
        });
        write();
      },
      { silenceTimeoutMs: 500 },
    );
    const client = connect(front.port, '127.0.0.1').on('error', () => {});
    onTestFinished(() => void client.destroy());
    client.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await eventually(() => (closed ? undefined : 'the owner still writes'));
  });
});

describe('a body', () => {
  const counting = () => {
    const seen = { bytes: 0, broken: false };
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      request.on('data', (chunk) => {
        seen.bytes += chunk.length;
      });
      request.on('error', () => {
        seen.broken = true;
      });
      request.on('end', () => response.end(String(seen.bytes)));
    };
    return { seen, listener };
  };

  it.each([false, true])('passes up to the limit, in chunks: %s', async (chunked) => {
    const { front } = await pair(counting().listener);
    expect(await post(front.url, maxBodyBytes, { chunked })).toEqual({ status: 200, text: String(maxBodyBytes) });
  });

  it('that says to be larger is not waited for, and reaches nobody', async () => {
    const { owner, front } = await pair(counting().listener);
    const client = connect(front.port, '127.0.0.1');
    onTestFinished(() => void client.destroy());
    client.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: ${maxBodyBytes + 1}\r\n\r\n`);
    expect(await textOf(client)).toMatch(/^HTTP\/1.1 599 .*too_large/s);
    expect(owner.requests).toHaveLength(0);
  });

  it('that grows larger breaks off at the owner', async () => {
    const { seen, listener } = counting();
    const { front } = await pair(listener);
    expect(await post(front.url, maxBodyBytes + 1, { chunked: true })).toEqual({ status: 599, text: 'too_large' });
    await eventually(() => (seen.broken ? undefined : 'the owner still waits'));
    expect(seen.bytes).toBeLessThanOrEqual(maxBodyBytes);
  });

  it('that the owner does not want gets its answer, and ends its connection', async () => {
    const { front } = await pair((_request, response) => void response.writeHead(409).end('no need'));
    const answer = await fetch(front.url, {
      method: 'POST',
      body: new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from('begun')) }),
      duplex: 'half',
    } as RequestInit);
    expect([answer.status, answer.headers.get('connection'), await answer.text()]).toEqual([409, 'close', 'no need']);
  });

  it('stops the client while the owner does not read', async () => {
    const limit = 64 * 2 ** 20;
    let reads: (() => void) | undefined;
    const { front } = await pair(
      (request, response) => {
        reads = () => void request.resume().on('end', () => response.end());
      },
      { maxBodyBytes: limit },
    );
    const client = connect(front.port, '127.0.0.1');
    client.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: ${limit}\r\n\r\n`);
    const piece = Buffer.alloc(2 ** 20);
    let sent = 0;
    const write = () => {
      while (sent < limit) {
        sent += piece.length;
        if (!client.write(piece)) return void client.once('drain', write);
      }
    };
    write();
    let last = -1;
    await eventually(
      () => {
        const still = reads !== undefined && sent === last;
        last = sent;
        return still ? undefined : 'still sending';
      },
      { everyMs: 300 },
    );
    expect(sent).toBeLessThan(limit / 2);
    reads?.();
    const [answer] = await once(client, 'data');
    expect(String(answer)).toMatch(/^HTTP\/1.1 200/);
  });
});

describe('a drain', () => {
  it('ends streams and polls that are held, lets answers go out, and asks clients to come elsewhere', async () => {
    let finish = () => {};
    const { owner, front } = await pair((request, response) => {
      if (request.url === '/poll') return;
      if (request.url === '/stream') return void response.writeHead(200).write('one');
      response.writeHead(200, { 'content-length': 6 }).write('one');
      finish = () => response.end('two');
    });
    const poll = fetch(`${front.url}/poll`).then((answer) => answer.text());
    const stream = await fetch(`${front.url}/stream`);
    const answer = await fetch(`${front.url}/answer`);
    await eventually(() => (owner.requests.length === 3 ? undefined : 'not all are there'));
    await front.forwarder.drain({ windowMs: 50, closeWaitMs: 10_000 });
    expect(await poll).toBe('gone');
    await expect(stream.text()).rejects.toThrow();
    finish();
    expect(await answer.text()).toBe('onetwo');
    const late = await fetch(`${front.url}/answer`);
    expect(late.headers.get('connection')).toBe('close');
    finish();
    expect(await late.text()).toBe('onetwo');
    front.forwarder.close();
    expect(await (await fetch(`${front.url}/poll`)).text()).toBe('gone');
  });
});

it('a worker says who it is to whoever passed a request on, and to nobody else', async () => {
  const front = use(await serveFront(undefined));
  const worker = use(
    await serve((request, response) => {
      front.forwarder.receive(request, response);
      response.end();
    }),
  );
  const passed = await fetch(worker.url, { headers: front.mark.headersFor('10.0.0.1') });
  expect(passed.headers.get('x-internal-worker')).toBe('front');
  expect((await fetch(worker.url)).headers.has('x-internal-worker')).toBe(false);
  expect(
    (await fetch(worker.url, { headers: { 'x-internal-forwarded': ownerId } })).headers.has('x-internal-worker'),
  ).toBe(false);
});
