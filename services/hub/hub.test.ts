import { type AddressInfo, connect, createServer } from 'node:net';
import { HttpTransportType, type HubConnection, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { MessagePackHubProtocol } from '@microsoft/signalr-protocol-msgpack';
import { io } from 'socket.io-client';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '#test/eventually.ts';
import { type SimulatedWorker, startWorker } from './simulated-worker.fixture.ts';

type Client = { readonly received: string[]; call(method: string, ...args: unknown[]): Promise<unknown> };

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const it of open.splice(0).reverse()) await it[Symbol.asyncDispose]();
});

async function start(...args: Parameters<typeof startWorker>): Promise<SimulatedWorker> {
  const worker = await startWorker(...args);
  open.push(worker);
  return worker;
}

const methods = ['ReceiveNotification', 'NotificationChanged', 'NotificationDeleted', 'NotificationsRead'];

function signalR(
  worker: SimulatedWorker,
  token: string,
  transport: HttpTransportType,
  messagePack = false,
): HubConnection {
  const builder = new HubConnectionBuilder()
    .withUrl(`${worker.url}/hubs/notifications`, { accessTokenFactory: () => token, transport })
    .withAutomaticReconnect([0, 50, 50, 50, 100, 100])
    .configureLogging(LogLevel.None);
  const connection = (messagePack ? builder.withHubProtocol(new MessagePackHubProtocol()) : builder).build();
  open.push({ [Symbol.asyncDispose]: () => connection.stop() });
  return connection;
}

async function connectSignalR(
  worker: SimulatedWorker,
  transport: HttpTransportType,
  messagePack = false,
): Promise<Client> {
  const connection = signalR(worker, await worker.token(), transport, messagePack);
  const received: string[] = [];
  for (const method of methods)
    connection.on(method, (body: { text?: string }) => received.push(`${method} ${body.text ?? ''}`.trim()));
  await connection.start();
  return { received, call: (method, ...args) => connection.invoke(method, ...args) };
}

async function connectSocketIo(worker: SimulatedWorker, transports: string[]): Promise<Client> {
  const socket = io(worker.url, {
    auth: { token: await worker.token() },
    transports,
    forceNew: true,
    reconnectionDelay: 50,
  });
  open.push({ [Symbol.asyncDispose]: async () => void socket.close() });
  const received: string[] = [];
  for (const method of methods)
    socket.on(method, (body: { text?: string }) => received.push(`${method} ${body.text ?? ''}`.trim()));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return { received, call: (method, ...args) => socket.emitWithAck(method, ...args) };
}

/** What a Service does: each new TCP connection goes to a worker that takes some. */
async function startRelay(target: () => string): Promise<{ url: string }> {
  const server = createServer((inner) => {
    const outer = connect(Number(new URL(target()).port), '127.0.0.1');
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push({ [Symbol.asyncDispose]: async () => void server.close() });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

const kinds: Record<string, (worker: SimulatedWorker) => Promise<Client>> = {
  'SignalR WebSockets JSON': (worker) => connectSignalR(worker, HttpTransportType.WebSockets),
  'SignalR WebSockets MessagePack': (worker) => connectSignalR(worker, HttpTransportType.WebSockets, true),
  'SignalR SSE JSON': (worker) => connectSignalR(worker, HttpTransportType.ServerSentEvents),
  'SignalR long polling JSON': (worker) => connectSignalR(worker, HttpTransportType.LongPolling),
  'SignalR long polling MessagePack': (worker) => connectSignalR(worker, HttpTransportType.LongPolling, true),
  'socket.io websocket': (worker) => connectSocketIo(worker, ['websocket']),
  'socket.io polling': (worker) => connectSocketIo(worker, ['polling']),
  'socket.io polling, upgraded': (worker) => connectSocketIo(worker, ['polling', 'websocket']),
};

const has = (client: Client, count: number) =>
  eventually(() => (client.received.length === count ? undefined : `has ${client.received.length} of ${count}`));

describe.each(Object.entries(kinds))('%s', (_kind, connectClient) => {
  it('gets each new row once and in order, and no method that it does not know', async () => {
    const worker = await start();
    const client = await connectClient(worker);
    const frames = Array.from({ length: 50 }, () => worker.stream.create());
    const changed = worker.stream.change(3);
    const [lost, ...others] = frames;
    for (const frame of [...others.reverse(), ...others, changed]) await worker.publish(frame);
    await has(client, 50);
    expect(lost?.number).toBe(1);
    expect(client.received[0]).toBe('ReceiveNotification row 1');
    expect(client.received).toEqual(frames.map(({ number }) => `ReceiveNotification row ${number}`));
  });

  it('gets a row that is pushed the moment it is connected', async () => {
    const worker = await start();
    const client = await connectClient(worker);
    await worker.publish(worker.stream.create());
    await has(client, 1);
  });

  it('gets changes too once it subscribed with a cursor', async () => {
    const worker = await start();
    worker.stream.create();
    const client = await connectClient(worker);
    expect(await client.call('Subscribe', null)).toEqual({ cursor: 'epoch.1', reload: false });
    await worker.publish(worker.stream.change(1));
    await worker.publish(worker.stream.create());
    await has(client, 2);
    expect(client.received).toEqual(['NotificationChanged row 1', 'ReceiveNotification row 2']);
  });

  it('is counted', async () => {
    const worker = await start();
    await connectClient(worker);
    const text = async () => worker.metrics.registry.getSingleMetricAsString('hub_connections');
    const total = async () =>
      [...(await text()).matchAll(/\} (\d+)$/gm)].reduce((sum, [, count]) => sum + Number(count), 0);
    await eventually(async () => ((await total()) === 1 ? undefined : await text()));
    expect(worker.hub.connections).toBe(1);
  });

  it('comes back by itself when its worker drains, to another one, and misses nothing from then on', async () => {
    const leaving = await start({ limits: { drainWindowMs: 200 } });
    const staying = await start({ shared: leaving.shared });
    const relay = await startRelay(() => (leaving.hub.draining ? staying.url : leaving.url));
    const client = await connectClient({ ...leaving, url: relay.url });
    await leaving.hub.drain();
    expect(leaving.hub.connections).toBe(0);
    await eventually(() => (staying.hub.connections === 1 ? undefined : 'the client is not back'));
    await leaving.publish(leaving.stream.create());
    await has(client, 1);
  });
});

describe('one stream over all protocols', () => {
  it('shows the same rows to all clients of one user, and nothing to others', async () => {
    const worker = await start();
    const clients = await Promise.all(Object.values(kinds).map((connectClient) => connectClient(worker)));
    const stranger = signalR(worker, await worker.token('bob'), HttpTransportType.WebSockets);
    const foreign: unknown[] = [];
    stranger.on('ReceiveNotification', (body) => foreign.push(body));
    await stranger.start();
    for (let count = 0; count < 20; count += 1) await worker.publish(worker.stream.create());
    for (const client of clients) await has(client, 20);
    for (const client of clients) expect(client.received).toEqual(clients[0]?.received);
    expect(foreign).toEqual([]);
  });

  it('accepts clients while the service is down, and serves them when it answers', async () => {
    const worker = await start({ limits: { placeWaitMs: 50 } });
    worker.source.down = true;
    const client = await connectSignalR(worker, HttpTransportType.WebSockets);
    await worker.publish(worker.stream.create());
    worker.source.down = false;
    await has(client, 1);
  });

  it('tells the client in a closed set why Subscribe failed', async () => {
    const worker = await start();
    const signalr = await connectSignalR(worker, HttpTransportType.WebSockets);
    const socketIo = await connectSocketIo(worker, ['websocket']);
    await expect(signalr.call('Subscribe', { $ne: null })).rejects.toThrow("Failed to invoke 'Subscribe'");
    expect(await socketIo.call('Subscribe', { $ne: null })).toMatchObject({ code: 'bad_request' });
    expect(await socketIo.call('Subscribe', null)).toEqual({ cursor: 'epoch.0', reload: false });
  });

  it('logs who came and went, and never a token', async () => {
    const worker = await start();
    const token = await worker.token();
    const connection = signalR(worker, token, HttpTransportType.ServerSentEvents);
    await connection.start();
    await connection.stop();
    await connectSocketIo(worker, ['polling']);
    await eventually(() => (worker.logged().includes('"disconnected"') ? undefined : 'no line of the end'));
    expect(worker.logged()).toContain('"user":"alice"');
    expect(worker.logged()).not.toContain(token.split('.')[2]);
    expect(await worker.metrics.registry.metrics()).not.toContain('alice');
  });
});
