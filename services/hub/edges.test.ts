import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import {
  HttpTransportType,
  type HubConnection,
  HubConnectionBuilder,
  HubConnectionState,
  LogLevel,
} from '@microsoft/signalr';
import { type Socket as ClientSocket, io } from 'socket.io-client';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { eventually } from '#test/eventually.ts';
import { listedOrigin, type SimulatedWorker, startWorker } from './simulated-worker.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const it of open.splice(0).reverse()) await it[Symbol.asyncDispose]();
});
const later = (end: () => unknown) => open.push({ [Symbol.asyncDispose]: async () => void (await end()) });

async function start(...args: Parameters<typeof startWorker>): Promise<SimulatedWorker> {
  const worker = await startWorker(...args);
  open.push(worker);
  return worker;
}

function signalR(worker: SimulatedWorker, token: string, transport = HttpTransportType.WebSockets): HubConnection {
  const connection = new HubConnectionBuilder()
    .withUrl(`${worker.url}/hubs/notifications`, { accessTokenFactory: () => token, transport })
    .withAutomaticReconnect([0, 20, 50, 100, 200])
    .configureLogging(LogLevel.None)
    .build();
  later(() => connection.stop());
  return connection;
}

function socketIo(worker: SimulatedWorker, options: Parameters<typeof io>[1] = {}): ClientSocket {
  const socket = io(worker.url, { transports: ['websocket'], forceNew: true, reconnectionDelay: 20, ...options });
  later(() => socket.close());
  return socket;
}

const connected = (socket: ClientSocket) =>
  new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });

async function negotiate(worker: SimulatedWorker, headers: Record<string, string> = {}, query = ''): Promise<Response> {
  const url = `${worker.url}/hubs/notifications/negotiate?negotiateVersion=1${query}`;
  return fetch(url, { method: 'POST', headers: { authorization: `Bearer ${await worker.token()}`, ...headers } });
}

async function connectionToken(worker: SimulatedWorker): Promise<string> {
  const { connectionToken: token } = (await (await negotiate(worker)).json()) as { connectionToken: string };
  return encodeURIComponent(token);
}

/** The status of a WebSocket upgrade. */
function upgrade(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace('http', 'ws'), { headers });
    socket.on('open', () => {
      resolve(101);
      socket.terminate();
    });
    socket.on('unexpected-response', (request, response) => {
      resolve(response.statusCode ?? 0);
      request.destroy();
    });
    socket.on('error', reject);
  });
}

/** Every way in: answers the status with that origin. */
const entrances: Record<string, (worker: SimulatedWorker, origin: Record<string, string>) => Promise<number>> = {
  negotiate: async (worker, origin) => (await negotiate(worker, origin)).status,
  'SignalR WebSocket': async (worker, origin) =>
    upgrade(
      `${worker.url}/hubs/notifications?id=${await connectionToken(worker)}&access_token=${await worker.token()}`,
      origin,
    ),
  'SignalR SSE': (worker, origin) => get(worker, { ...origin, accept: 'text/event-stream' }),
  'SignalR long polling': (worker, origin) => get(worker, origin),
  'socket.io polling': async (worker, origin) => {
    const response = await fetch(`${worker.url}/socket.io/?EIO=4&transport=polling`, { headers: origin });
    await response.body?.cancel();
    return response.status;
  },
  'socket.io WebSocket': (worker, origin) => upgrade(`${worker.url}/socket.io/?EIO=4&transport=websocket`, origin),
};

async function get(worker: SimulatedWorker, headers: Record<string, string>): Promise<number> {
  const end = new AbortController();
  later(() => end.abort());
  const response = await fetch(`${worker.url}/hubs/notifications?id=${await connectionToken(worker)}`, {
    headers: { authorization: `Bearer ${await worker.token()}`, ...headers },
    signal: end.signal,
  });
  return response.status;
}

describe.each(Object.entries(entrances))('origin at %s', (_name, enter) => {
  it('is let in when listed or absent', async () => {
    const worker = await start();
    expect([200, 101]).toContain(await enter(worker, { origin: listedOrigin }));
    expect([200, 101]).toContain(await enter(worker, {}));
  });

  it.each([
    'https://sonixy.example.evil.com',
    'https://evilsonixy.example',
    'http://sonixy.example',
    'https://sonixy.example:8443',
    'null',
  ])('is refused with 403 when it is %s', async (origin) => {
    expect(await enter(await start(), { origin })).toBe(403);
  });
});

describe('origin', () => {
  it('must be there where the policy says so', async () => {
    const worker = await start({ allowAbsent: false });
    expect(await entrances['socket.io WebSocket']?.(worker, {})).toBe(403);
    expect((await negotiate(worker)).status).toBe(403);
    expect((await negotiate(worker, { origin: listedOrigin })).status).toBe(200);
  });

  it('that is listed may read answers and send credentials, preflights included', async () => {
    const worker = await start();
    for (const path of ['/hubs/notifications/negotiate', '/socket.io/?EIO=4&transport=polling']) {
      const headers = {
        origin: listedOrigin,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'x-requested-with',
      };
      const response = await fetch(worker.url + path, { method: 'OPTIONS', headers });
      expect(response.status).toBe(204);
      expect(response.headers.get('access-control-allow-origin')).toBe(listedOrigin);
      expect(response.headers.get('access-control-allow-credentials')).toBe('true');
    }
  });
});

describe('tokens', () => {
  const withQuery = async (worker: SimulatedWorker, token: string, headers: Record<string, string> = {}) => {
    const url = `${worker.url}/hubs/notifications/negotiate?negotiateVersion=1&access_token=${token}`;
    return (await fetch(url, { method: 'POST', headers })).status;
  };

  it('are taken from the query of hub routes, and from nowhere else', async () => {
    const worker = await start();
    const token = await worker.token();
    expect(await withQuery(worker, token)).toBe(200);
    expect((await fetch(`${worker.url}/api/notifications?access_token=${token}`)).status).toBe(404);
    const byQuery = socketIo(worker, { query: { access_token: token, token } });
    await expect(connected(byQuery)).rejects.toThrow('token');
    await connected(socketIo(worker, { auth: { token } }));
    await connected(socketIo(worker, { extraHeaders: { authorization: `Bearer ${token}` } }));
  });

  it('in the header decide over the query', async () => {
    const worker = await start();
    const token = await worker.token();
    expect(await withQuery(worker, token, { authorization: 'Bearer forged' })).toBe(401);
    expect(await withQuery(worker, 'forged', { authorization: `Bearer ${token}` })).toBe(200);
  });

  it('that are missing, forged or expired are refused everywhere', async () => {
    const worker = await start();
    const foreign = await issueToken({
      secret: randomBytes(32).toString('base64'),
      issuer: 'issuer',
      audience: 'audience',
      user: 'alice',
      lifetimeSeconds: 60,
    });
    for (const token of ['', 'x', foreign, await worker.token('alice', -1)]) {
      expect(await withQuery(worker, token)).toBe(401);
      const url = `${worker.url}/hubs/notifications?access_token=${token}`;
      expect(await upgrade(url, {})).toBe(401);
      expect((await fetch(url, { headers: { accept: 'text/event-stream' } })).status).toBe(401);
      await expect(connected(socketIo(worker, { auth: { token } }))).rejects.toMatchObject({
        data: { code: 'unauthorized' },
      });
    }
    await expect(connected(socketIo(worker, { auth: { token: { $ne: null } } }))).rejects.toThrow('token');
    await expect(connected(socketIo(worker))).rejects.toThrow('token');
  });

  it('of another user are worth nothing on a live connection', async () => {
    const worker = await start();
    const id = await connectionToken(worker);
    const poll = async (user: string) =>
      fetch(`${worker.url}/hubs/notifications?id=${id}`, {
        headers: { authorization: `Bearer ${await worker.token(user)}` },
      });
    expect((await poll('bob')).status).toBe(403);
    expect((await poll('alice')).status).toBe(200);
    expect((await poll('bob')).status).toBe(403);
  });

  it('that expire leave a connection alone by default, long polling too', async () => {
    const worker = await start();
    const token = await worker.token('alice', 1);
    const received: number[] = [];
    const clients = [HttpTransportType.WebSockets, HttpTransportType.LongPolling].map((transport) =>
      signalR(worker, token, transport),
    );
    for (const client of clients) {
      client.on('ReceiveNotification', () => received.push(1));
      await client.start();
    }
    await eventually(async () => ((await withQuery(worker, token)) === 401 ? undefined : 'the token is still valid'));
    await worker.publish(worker.stream.create());
    await eventually(() => (received.length === 2 ? undefined : `${received.length} came`));
    await worker.publish(worker.stream.create());
    await eventually(() => (received.length === 4 ? undefined : `${received.length} came`));
    expect(clients.map(({ state }) => state)).toEqual([HubConnectionState.Connected, HubConnectionState.Connected]);
  });

  it('that expire end the connection where the hub is set so: the client comes back with a new one', async () => {
    const worker = await start({ closeAtExpiry: { notifications: true, socketIo: true } });
    let asked = 0;
    const connection = new HubConnectionBuilder()
      .withUrl(`${worker.url}/hubs/notifications`, {
        accessTokenFactory: () => worker.token('alice', ++asked > 2 ? 3_600 : 2),
      })
      .withAutomaticReconnect([0, 20, 50])
      .configureLogging(LogLevel.None)
      .build();
    later(() => connection.stop());
    let reconnected = false;
    connection.onreconnected(() => {
      reconnected = true;
    });
    const auth = async (answer: (data: object) => void) =>
      answer({ token: await worker.token('alice', times++ ? 3_600 : 2) });
    let times = 0;
    const socket = socketIo(worker, { auth });
    await Promise.all([connection.start(), connected(socket)]);
    await eventually(() => (reconnected ? undefined : 'SignalR is not back'));
    await eventually(() => (times === 2 && socket.connected ? undefined : 'socket.io is not back'));
  });
});

describe('admission', () => {
  it('holds negotiate at the cap until there is a place', async () => {
    const worker = await start({ limits: { maxConnections: 1 } });
    const first = signalR(worker, await worker.token());
    await first.start();
    const second = signalR(worker, await worker.token('bob'));
    let started = false;
    const starting = second.start().then(() => {
      started = true;
    });
    await eventually(() => (worker.hub.connections === 1 ? undefined : 'not one'));
    expect(started).toBe(false);
    await first.stop();
    await starting;
    expect(second.state).toBe(HubConnectionState.Connected);
  });

  it('sends the client away after the wait with 503 and Retry-After, over each protocol', async () => {
    const worker = await start({ limits: { maxConnections: 1, admissionWaitMs: 50 } });
    await signalR(worker, await worker.token()).start();
    const refused = await negotiate(worker);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const polling = await fetch(`${worker.url}/socket.io/?EIO=4&transport=polling`);
    expect(polling.status).toBe(503);
    expect(Number(polling.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await upgrade(`${worker.url}/socket.io/?EIO=4&transport=websocket`, {})).toBe(503);
    expect(await upgrade(`${worker.url}/hubs/notifications?access_token=${await worker.token()}`, {})).toBe(503);
  });

  it('bounds the connections of one user, and nobody else', async () => {
    const worker = await start({ limits: { maxConnectionsPerUser: 1 } });
    await connected(socketIo(worker, { auth: { token: await worker.token() } }));
    expect((await negotiate(worker)).status).toBe(429);
    await expect(connected(socketIo(worker, { auth: { token: await worker.token() } }))).rejects.toMatchObject({
      data: { code: 'rate_limited' },
    });
    await connected(socketIo(worker, { auth: { token: await worker.token('bob') } }));
  });

  it('is closed during a drain', async () => {
    const worker = await start();
    await worker.hub.drain();
    expect((await negotiate(worker)).status).toBe(503);
    expect((await fetch(`${worker.url}/socket.io/?EIO=4&transport=polling`)).status).toBe(503);
  });
});

describe('hostile clients', () => {
  /** A healthy client of each protocol beside the attack; `check` fails when it missed something. */
  async function neighbours(worker: SimulatedWorker) {
    const counts = { signalR: 0, socketIo: 0 };
    const connection = signalR(worker, await worker.token());
    connection.on('ReceiveNotification', () => {
      counts.signalR += 1;
    });
    await connection.start();
    const socket = socketIo(worker, { auth: { token: await worker.token() } });
    socket.on('ReceiveNotification', () => {
      counts.socketIo += 1;
    });
    await connected(socket);
    return async () => {
      const before = worker.stream.head.number;
      await worker.publish(worker.stream.create());
      await eventually(() =>
        counts.signalR === before + 1 && counts.socketIo === before + 1 ? undefined : JSON.stringify(counts),
      );
    };
  }

  const garbage: Record<string, string | Buffer | readonly (string | Buffer)[]> = {
    'random bytes': randomBytes(1_000),
    'no packet': '9nonsense',
    'a broken event': '42["ReceiveNotification"',
    'an event of an unknown type': '4{"type":99}',
    'a placeholder that is no number (CVE-2022-2421)': [
      '451-["x",{"_placeholder":true,"num":"splice"}]',
      Buffer.from([1]),
    ],
    'text where an attachment belongs': ['451-["x",{"_placeholder":true,"num":0}]', '42["x"]'],
    'a reserved event name': '42["disconnect"]',
    'ten thousand brackets': `42${'['.repeat(10_000)}`,
    'more than the limit': `42["x","${'a'.repeat(70_000)}"]`,
  };

  it.each(Object.entries(garbage))('of socket.io that send %s end alone', async (_what, bytes) => {
    const worker = await start();
    const check = await neighbours(worker);
    const socket = new WebSocket(`${worker.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    let closed = false;
    socket.on('close', () => {
      closed = true;
    });
    await new Promise((resolve) => socket.on('open', resolve));
    socket.send(`40{"token":"${await worker.token()}"}`);
    await eventually(() => (worker.hub.connections === 3 ? undefined : `${worker.hub.connections} connections`));
    for (const message of [bytes].flat()) socket.send(message);
    await eventually(() => (closed ? undefined : 'still open'));
    await check();
  });

  it.each(Object.entries(garbage))('of SignalR that send %s end alone', async (_what, bytes) => {
    const worker = await start();
    const check = await neighbours(worker);
    const socket = new WebSocket(
      `${worker.url.replace('http', 'ws')}/hubs/notifications?access_token=${await worker.token()}`,
    );
    let closed = false;
    socket.on('close', () => {
      closed = true;
    });
    await new Promise((resolve) => socket.on('open', resolve));
    socket.send('{"protocol":"json","version":1}\x1e');
    await eventually(() => (worker.hub.connections === 3 ? undefined : `${worker.hub.connections} connections`));
    socket.send(Buffer.concat([...[bytes].flat(), '\x1e'].map((it) => Buffer.from(it))));
    await eventually(() => (closed ? undefined : 'still open'));
    await check();
  });

  it.each(['{"type":1,"target":"Subscribe","arguments":[null]}\x1e', '42["Subscribe",null]'])(
    'that call too often are ended: %j',
    async (call) => {
      const worker = await start({ limits: { maxMessagesPerMinute: 20 } });
      const check = await neighbours(worker);
      const isSocketIo = call.startsWith('42');
      const path = isSocketIo
        ? '/socket.io/?EIO=4&transport=websocket'
        : `/hubs/notifications?access_token=${await worker.token()}`;
      const socket = new WebSocket(worker.url.replace('http', 'ws') + path);
      let closed = false;
      socket.on('close', () => {
        closed = true;
      });
      await new Promise((resolve) => socket.on('open', resolve));
      socket.send(isSocketIo ? `40{"token":"${await worker.token()}"}` : '{"protocol":"json","version":1}\x1e');
      await eventually(() => (worker.hub.connections === 3 ? undefined : `${worker.hub.connections} connections`));
      for (let count = 0; count < 15; count += 1) socket.send(call);
      await check();
      expect(closed).toBe(false);
      for (let count = 0; count < 10; count += 1) socket.send(call);
      await eventually(() => (closed ? undefined : 'still open'));
      await check();
    },
  );

  it('that break off in the middle of everything leave nothing behind', async () => {
    const worker = await start();
    const check = await neighbours(worker);
    const port = Number(new URL(worker.url).port);
    const sockets: Socket[] = [];
    for (const text of [
      'GET /socket',
      'GET /hubs/notifications HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      'POST /hubs/notifications/negotiate HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nabc',
    ]) {
      const socket = connect(port, '127.0.0.1', () => socket.write(text, () => socket.resetAndDestroy()));
      socket.on('error', () => {});
      sockets.push(socket);
    }
    await eventually(() => (sockets.every(({ destroyed }) => destroyed) ? undefined : 'not all ended'));
    await check();
    expect(worker.hub.connections).toBe(2);
  });
});

describe('a client that stops reading', () => {
  it.each(['/hubs/notifications', '/socket.io'])(
    'of %s is closed at its cap, and ten others miss nothing',
    async (path) => {
      const worker = await start({ limits: { maxQueuedBytes: 200_000 } });
      const counts: number[] = [];
      for (let client = 0; client < 10; client += 1) {
        counts.push(0);
        const count = () => {
          counts[client] = (counts[client] ?? 0) + 1;
        };
        if (client % 2) {
          const connection = signalR(worker, await worker.token());
          connection.on('ReceiveNotification', count);
          await connection.start();
        } else {
          const socket = socketIo(worker, { auth: { token: await worker.token() } });
          socket.on('ReceiveNotification', count);
          await connected(socket);
        }
      }
      const isSocketIo = path === '/socket.io';
      const query = isSocketIo ? '/?EIO=4&transport=websocket' : `?access_token=${await worker.token()}`;
      const stuck = new WebSocket(worker.url.replace('http', 'ws') + path + query);
      later(() => stuck.terminate());
      await new Promise((resolve) => stuck.on('open', resolve));
      stuck.send(
        isSocketIo ? `40{"token":"${await worker.token()}"}` : '{"protocol":"json","version":1}\x1e{"type":6}\x1e',
      );
      await eventually(() => (worker.hub.connections === 11 ? undefined : `${worker.hub.connections} connections`));
      stuck.pause();
      const text = 'x'.repeat(20_000);
      let sent = 0;
      await eventually(
        async () => {
          await worker.publish(worker.stream.create({ text }));
          sent += 1;
          return worker.hub.connections === 10 ? undefined : `${worker.hub.connections} connections after ${sent} rows`;
        },
        { everyMs: 1, timeoutMs: 30_000 },
      );
      await eventually(() => (counts.every((count) => count === sent) ? undefined : `${counts} of ${sent}`));
      expect(await worker.metrics.registry.getSingleMetricAsString('hub_closes_total')).toContain('reason="slow"');
    },
  );
});
