import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, type Socket } from 'socket.io';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/eventually.ts';
import { createSignalRServer, type SignalRConnection } from '../../shared/signalr/index.ts';
import { LiveRefusedError, type OpenLive } from './live-connection.ts';
import { type SignalRTransport, signalRLive } from './signalr-live.ts';
import { socketIoLive } from './socket-io-live.ts';

const ends: (() => unknown)[] = [];
let url: string;
let signalr: SignalRConnection<string>[];
let sockets: Socket[];
let io: Server;
/** Whether the server leaves a socket.io handshake without an answer. */
let held: boolean;

/** Both stock servers on one port. The token `nobody` is refused. */
beforeEach(async () => {
  [signalr, sockets, held] = [[], [], false];
  const hubs = createSignalRServer<string>({
    keys: { current: '1', keys: new Map([['1', Buffer.alloc(32, 7)]]) },
    worker: { id: 'worker-1', address: '127.0.0.1' },
    limits: { closeTimeoutMs: 200 },
  });
  hubs.mapHub('/hubs/chat', {
    authorize: async ({ headers, url: target = '' }) => {
      const token = headers.authorization?.slice(7) ?? new URLSearchParams(target.split('?')[1]).get('access_token');
      if (!token || token === 'nobody') throw Object.assign(new Error('no'), { status: 401 });
      return token;
    },
    identityKey: (user) => user,
    sameUser: (a, b) => a === b,
    methods: {
      SubscribeChat: (_connection, argument) => ({ asked: argument }),
    },
    onConnected: (connection) => void signalr.push(connection),
    onDisconnected: () => undefined,
  });
  const server = createServer((request, response) => {
    if (!hubs.handleRequest(request, response)) response.writeHead(404).end();
  });
  io = new Server(server, { destroyUpgrade: false });
  io.use((socket, next) => {
    if (held) return;
    const refused = Object.assign(new Error('a valid token is required'), { data: { code: 'unauthorized' } });
    next(socket.handshake.auth['token'] === 'nobody' ? refused : undefined);
  });
  io.on('connection', (socket) => {
    sockets.push(socket);
    socket.on('SubscribeChat', (argument, answer) => answer({ asked: argument }));
    socket.on('Fails', (_argument, answer) => answer({ error: 'not today', code: 'bad_request' }));
  });
  server.on('upgrade', (request, socket, head) => hubs.handleUpgrade(request, socket, head));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  ends.push(
    () => hubs.close(),
    () => io.close(),
  );
});

afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

async function connected(open: OpenLive, token = 'alice', signal?: AbortSignal) {
  const closed: [string, boolean][] = [];
  const called: unknown[] = [];
  const live = await open({
    baseUrl: url,
    hub: 'chat',
    token: async () => token,
    signal,
    handlers: {
      called: (method, args) => called.push([method, ...args]),
      transport: () => undefined,
      closed: (reason, comeBack) => closed.push([reason, comeBack]),
    },
  });
  ends.unshift(() => live.close());
  return { live, closed, called };
}

const isClosed = (closed: readonly [string, boolean][]) =>
  eventually(() => (closed.length === 1 ? undefined : `closed ${closed.length} times`));

describe.each<SignalRTransport>(['WebSockets', 'ServerSentEvents', 'LongPolling'])('SignalR over %s', (transport) => {
  const open = signalRLive(transport);

  it('is left for good when the server says so, with its reason', async () => {
    const { closed } = await connected(open);
    signalr[0]?.close({ allowReconnect: false, error: 'revoked' });
    await isClosed(closed);
    expect(closed[0]?.[0]).toContain('revoked');
    expect(closed[0]?.[1]).toBe(false);
  });

  it('is come back to when the server says so', async () => {
    const { closed } = await connected(open);
    signalr[0]?.close({ allowReconnect: true });
    await isClosed(closed);
    expect(closed[0]?.[1]).toBe(true);
  });

  it('tells nothing of an end that was its owner’s', async () => {
    const { live, closed } = await connected(open);
    expect(await live.call('SubscribeChat', { c: 1 })).toEqual({ asked: { c: 1 } });
    live.close();
    const again = await connected(open);
    signalr.at(-1)?.close({ allowReconnect: true });
    await isClosed(again.closed);
    expect(closed).toEqual([]);
  });

  it('refuses a token as such', async () => {
    await expect(connected(open, 'nobody')).rejects.toThrow(LiveRefusedError);
  });
});

describe('socket.io', () => {
  it('is left for good when the server disconnects it', async () => {
    const { closed } = await connected(socketIoLive());
    sockets[0]?.disconnect(true);
    await isClosed(closed);
    expect(closed[0]?.[1]).toBe(false);
  });

  it('is come back to when only the transport ended', async () => {
    const { closed } = await connected(socketIoLive());
    sockets[0]?.conn.close();
    await isClosed(closed);
    expect(closed[0]?.[1]).toBe(true);
  });

  it('answers calls, and an error as a rejection', async () => {
    const { live, called } = await connected(socketIoLive());
    expect(await live.call('SubscribeChat', { c: 1 })).toEqual({ asked: { c: 1 } });
    await expect(live.call('Fails', 1)).rejects.toThrow('not today');
    sockets[0]?.emit('UserTyping', 'c', 'bob');
    await eventually(() => (called.length === 1 ? undefined : 'not called'));
    expect(called).toEqual([['UserTyping', 'c', 'bob']]);
  });

  it('is one connection for two owners, which hear the same and end apart', async () => {
    const open = socketIoLive();
    const [first, second] = await Promise.all([connected(open), connected(open)]);
    expect(sockets).toHaveLength(1);
    sockets[0]?.emit('ReceiveMessage', 1);
    for (const { called } of [first, second]) {
      await eventually(() => (String(called) === 'ReceiveMessage,1' ? undefined : `${called}`));
    }
    first.live.close();
    expect(await second.live.call('SubscribeChat', 1)).toEqual({ asked: 1 });
    second.live.close();
    await eventually(() => (sockets[0]?.connected === false ? undefined : 'still connected'));
    await connected(open);
    expect(sockets).toHaveLength(2);
  });

  it('is no connection for another user, nor for one whose token says nothing of whose it is', async () => {
    const open = socketIoLive();
    const jwt = (user: string, id: number) => `e.${btoa(JSON.stringify({ sub: user, jti: id }))}.s`;
    for (const token of [jwt('alice', 1), jwt('alice', 2), jwt('bob', 3), 'opaque-1', 'opaque-2']) {
      await connected(open, token);
    }
    const tokens = sockets.map(({ handshake }) => handshake.auth['token']);
    expect(tokens).toEqual([jwt('alice', 1), jwt('bob', 3), 'opaque-1', 'opaque-2']);
  });

  it.each(['websocket', 'polling'] as const)(
    'that nobody waits for any more, over %s, ends while it connects and is joined by nobody',
    async (transport) => {
      const open = socketIoLive({ transports: [transport] });
      held = true;
      const [first, second] = [new AbortController(), new AbortController()];
      const waiting = [connected(open, 'alice', first.signal), connected(open, 'alice', second.signal)];
      await eventually(() => (io.engine.clientsCount === 1 ? undefined : `${io.engine.clientsCount} clients`));
      first.abort(new Error('closed'));
      await expect(waiting[0]).rejects.toThrow('closed');
      expect(io.engine.clientsCount).toBe(1);
      second.abort(new Error('closed too'));
      await expect(waiting[1]).rejects.toThrow('closed too');
      await eventually(() => (io.engine.clientsCount === 0 ? undefined : `${io.engine.clientsCount} clients`));
      held = false;
      await connected(open, 'alice');
      expect(sockets).toHaveLength(1);
      await expect(connected(open, 'alice', first.signal)).rejects.toThrow('closed');
      expect(sockets[0]?.connected).toBe(true);
    },
  );

  it('refuses a token as such', async () => {
    await expect(connected(socketIoLive(), 'nobody')).rejects.toThrow(LiveRefusedError);
  });
});
