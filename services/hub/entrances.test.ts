import { randomBytes } from 'node:crypto';
import { HttpTransportType, HubConnectionBuilder, HubConnectionState, LogLevel } from '@microsoft/signalr';
import { afterEach, describe, expect, it } from 'vitest';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { eventually } from '#test/eventually.ts';
import { JumpingClock } from '#test/jumping-clock.ts';
import { connected, connectionToken, negotiate, signalR, socketIo, upgrade } from './simulated-clients.fixture.ts';
import { listedOrigin, type SimulatedWorker, startWorker } from './simulated-worker.fixture.ts';

const workers: SimulatedWorker[] = [];
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker[Symbol.asyncDispose]();
});

async function start(...args: Parameters<typeof startWorker>): Promise<SimulatedWorker> {
  const worker = await startWorker(...args);
  workers.push(worker);
  return worker;
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
  worker.later(() => end.abort());
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
  /** Shorter than what a silent client is allowed, so that nothing else ends with it. */
  const lifetimeSeconds = 20;
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
    const clock = new JumpingClock();
    const worker = await start({ clock });
    const token = await worker.token('alice', lifetimeSeconds);
    const received: number[] = [];
    const clients = [HttpTransportType.WebSockets, HttpTransportType.LongPolling].map((transport) =>
      signalR(worker, token, transport),
    );
    for (const client of clients) {
      client.on('ReceiveNotification', () => received.push(1));
      await client.start();
    }
    clock.jump(lifetimeSeconds * 1_000);
    expect(await withQuery(worker, token)).toBe(401);
    await worker.publish(worker.stream.create());
    await eventually(() => (received.length === 2 ? undefined : `${received.length} came`));
    await worker.publish(worker.stream.create());
    await eventually(() => (received.length === 4 ? undefined : `${received.length} came`));
    expect(clients.map(({ state }) => state)).toEqual([HubConnectionState.Connected, HubConnectionState.Connected]);
  });

  it('that expire end the connection where the hub is set so: the client comes back with a new one', async () => {
    const clock = new JumpingClock();
    const worker = await start({ clock, closeAtExpiry: { notifications: true, socketIo: true } });
    const connection = new HubConnectionBuilder()
      .withUrl(`${worker.url}/hubs/notifications`, {
        accessTokenFactory: () => worker.token('alice', lifetimeSeconds),
      })
      .withAutomaticReconnect([0, 20, 50])
      .configureLogging(LogLevel.None)
      .build();
    worker.later(() => connection.stop());
    let reconnected = false;
    connection.onreconnected(() => {
      reconnected = true;
    });
    let times = 0;
    const auth = async (answer: (data: object) => void) => {
      times += 1;
      answer({ token: await worker.token('alice', lifetimeSeconds) });
    };
    const socket = socketIo(worker, { auth });
    await Promise.all([connection.start(), connected(socket)]);
    expect([reconnected, times]).toEqual([false, 1]);
    clock.jump(lifetimeSeconds * 1_000);
    await eventually(() => (reconnected ? undefined : 'SignalR is not back'));
    await eventually(() => (times === 2 && socket.connected ? undefined : 'socket.io is not back'));
  });
});
