import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { HttpTransportType, HubConnectionBuilder, HubConnectionState, LogLevel } from '@microsoft/signalr';
import { io } from 'socket.io-client';
import { afterEach, describe, expect, it } from 'vitest';
import { startWorker } from '#services/hub/simulated-worker.fixture.ts';
import { startTcpProxy } from '#test/dev-env/tcp-proxy.ts';
import { eventually } from '#test/eventually.ts';
import { JumpingClock } from '#test/jumping-clock.ts';
import {
  bearerOf,
  listedOrigin,
  startGateway,
  startService,
  type TestGateway,
  tokenOf,
  upgrade,
} from '../gateway.fixture.ts';

type Worker = Awaited<ReturnType<typeof startWorker>>;
type Client = AsyncDisposable & {
  readonly received: string[];
  readonly connected: () => boolean;
  readonly losses: () => number;
};

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const it of open.splice(0).reverse()) await it[Symbol.asyncDispose]();
});

async function use<T extends AsyncDisposable>(starting: Promise<T>): Promise<T> {
  const started = await starting;
  open.push(started);
  return started;
}

async function startHub(
  options: Parameters<typeof startGateway>[0] = {},
): Promise<{ worker: Worker; gateway: TestGateway }> {
  const worker = await use(startWorker());
  return { worker, gateway: await gatewayTo(worker, options) };
}

function gatewayTo(worker: Worker, options: Parameters<typeof startGateway>[0] = {}): Promise<TestGateway> {
  const tokens = { secret: worker.shared.secret, issuer: 'issuer', audience: 'audience' };
  return use(startGateway({ services: { hub: worker.url }, tokens, ...options }));
}

const textOf = (body: unknown) => (body as { text: string }).text;

async function signalR(url: string, token: string, transport: HttpTransportType): Promise<Client> {
  const connection = new HubConnectionBuilder()
    .withUrl(`${url}/hubs/notifications`, { accessTokenFactory: () => token, transport })
    .withAutomaticReconnect({ nextRetryDelayInMilliseconds: () => 50 })
    .configureLogging(LogLevel.None)
    .build();
  const received: string[] = [];
  let losses = 0;
  connection.on('ReceiveNotification', (body) => void received.push(textOf(body)));
  connection.onreconnecting(() => {
    losses += 1;
  });
  await connection.start();
  const client = {
    received,
    connected: () => connection.state === HubConnectionState.Connected,
    losses: () => losses,
    [Symbol.asyncDispose]: () => connection.stop(),
  };
  open.push(client);
  return client;
}

async function socketIo(url: string, token: string, transports: string[]): Promise<Client> {
  const socket = io(url, {
    auth: { token },
    transports,
    forceNew: true,
    reconnectionDelay: 50,
    reconnectionDelayMax: 50,
  });
  const received: string[] = [];
  let losses = 0;
  socket.on('ReceiveNotification', (body) => void received.push(textOf(body)));
  socket.on('disconnect', () => {
    losses += 1;
  });
  const client = {
    received,
    connected: () => socket.connected,
    losses: () => losses,
    [Symbol.asyncDispose]: async () => void socket.close(),
  };
  open.push(client);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  // engine.io-client never resumes polling when its probe is cut in the middle of the upgrade.
  const last = transports.at(-1);
  await eventually(() => (socket.io.engine.transport.name === last ? undefined : 'not upgraded'));
  return client;
}

const kinds: Record<string, (url: string, token: string) => Promise<Client>> = {
  'SignalR WebSockets': (url, token) => signalR(url, token, HttpTransportType.WebSockets),
  'SignalR SSE': (url, token) => signalR(url, token, HttpTransportType.ServerSentEvents),
  'SignalR long polling': (url, token) => signalR(url, token, HttpTransportType.LongPolling),
  'socket.io websocket': (url, token) => socketIo(url, token, ['websocket']),
  'socket.io polling': (url, token) => socketIo(url, token, ['polling']),
  'socket.io polling, upgraded': (url, token) => socketIo(url, token, ['polling', 'websocket']),
};

const has = (client: Client, count: number) =>
  eventually(() => (client.received.length === count ? undefined : `has ${client.received.length} of ${count}`));

const isGone = (gateway: TestGateway) =>
  eventually(async () => {
    const text = await gateway.metrics.registry.getSingleMetricAsString('gateway_held_connections');
    return / 0$/m.test(text) ? undefined : text;
  });

describe.each(Object.entries(kinds))('%s through the gateway', (_kind, connect) => {
  it('gets each row once, in order, the moment it is pushed', async () => {
    const { worker, gateway } = await startHub();
    const token = await worker.token();
    const client = await connect(gateway.url, token);
    for (let count = 1; count <= 20; count += 1) {
      await worker.publish(worker.stream.create());
      await has(client, count);
    }
    expect(client.received).toEqual(Array.from({ length: 20 }, (_, index) => `row ${index + 1}`));
    expect(client.losses()).toBe(0);
    for (const part of token.split('.')) expect(gateway.logged()).not.toContain(part);
    expect(await gateway.metrics.registry.metrics()).not.toContain('alice');
  });

  it('leaves nothing behind when it closes, or its hub does', async () => {
    const { worker, gateway } = await startHub();
    const client = await connect(gateway.url, await worker.token());
    await client[Symbol.asyncDispose]();
    await isGone(gateway);
    await eventually(() => (worker.hub.connections === 0 ? undefined : `${worker.hub.connections} at the hub`));
    const other = await connect(gateway.url, await worker.token());
    await worker[Symbol.asyncDispose]();
    await eventually(() => (other.connected() ? 'the client heard nothing' : undefined));
    await other[Symbol.asyncDispose]();
    await isGone(gateway);
  });

  it('comes back by itself when the gateway drains, over another one', async () => {
    const { worker, gateway: leaving } = await startHub({ limits: { drainWindowMs: 200 } });
    const staying = await gatewayTo(worker);
    const front = await use(startBalancer(() => (leaving.gateway.draining ? staying.port : leaving.port)));
    const client = await connect(front.url, await worker.token());
    await leaving.gateway.drain();
    await isGone(leaving);
    // What is pushed while a client is away it finds in REST: from its return on it gets everything.
    await eventually(async () => {
      await worker.publish(worker.stream.create());
      return client.received.length >= 5 ? undefined : `${client.received.length} came`;
    });
    const numbers = client.received.map((text) => Number(text.split(' ')[1]));
    expect(numbers).toEqual([...new Set(numbers)].sort((one, other) => one - other));
    expect(client.connected()).toBe(true);
    await isGone(leaving);
  });
});

describe('entrances', () => {
  const paths = ['/hubs/notifications?access_token=TOKEN', '/socket.io/?EIO=4&transport=websocket'];

  it.each(paths)('%s takes listed and absent origins only', async (path) => {
    const { worker, gateway } = await startHub();
    const url = gateway.url + path.replace('TOKEN', await worker.token());
    for (const headers of [{}, { origin: listedOrigin }]) {
      const { status, socket } = await upgrade(url, headers);
      expect(status).toBe(101);
      socket?.destroy();
    }
    for (const origin of [
      'https://sonixy.example.evil.com',
      'https://evilsonixy.example',
      'http://sonixy.example',
      'null',
    ]) {
      const refused = await upgrade(url, { origin });
      expect(refused.status).toBe(403);
      expect(JSON.parse(refused.body)).toEqual({
        error: 'this origin is not allowed',
        code: 'forbidden',
        correlationId: refused.headers['x-correlation-id'],
      });
    }
    expect(gateway.logged()).toContain('"origin":"https://evilsonixy.example"');
  });

  it('want a valid token for SignalR, in the header or the query', async () => {
    const { worker, gateway } = await startHub();
    const url = `${gateway.url}/hubs/notifications`;
    const token = await worker.token();
    for (const bad of [
      '',
      '?access_token=x',
      `?access_token=${await worker.token('alice', -1)}`,
      `?access_token=${await tokenOf('alice')}`,
      `?token=${token}`,
    ]) {
      const { status, headers } = await upgrade(url + bad);
      expect({ bad, status }).toEqual({ bad, status: 401 });
      expect(headers['www-authenticate']).toBe('Bearer');
    }
    const headerDecides = await upgrade(`${url}?access_token=${token}`, { authorization: 'Bearer x' });
    expect(headerDecides.status).toBe(401);
    for (const good of [
      await upgrade(`${url}?access_token=${token}`),
      await upgrade(url, { authorization: `Bearer ${token}` }),
    ]) {
      expect(good.status).toBe(101);
      good.socket?.destroy();
    }
    expect(worker.logged()).not.toContain('refused');
  });

  it('say what the hub says when it refuses', async () => {
    const service = await use(
      startService((_request, response) => response.writeHead(503, { 'retry-after': '4' }).end('Server is full')),
    );
    const gateway = await use(startGateway({ services: { hub: service.url } }));
    const url = `${gateway.url}/hubs/notifications?access_token=${await tokenOf('alice')}`;
    const { status, headers, body } = await upgrade(url);
    expect({ status, body, retryAfter: headers['retry-after'] }).toEqual({
      status: 503,
      body: 'Server is full',
      retryAfter: '4',
    });
  });

  it('are 503 with Retry-After where no hub answers, and 404 where none is forwarded', async () => {
    const service = await use(startService());
    const proxy = await use(startTcpProxy({ port: service.port }));
    proxy.refuse();
    const gateway = await use(
      startGateway({
        services: { hub: proxy.through(service.url) },
        limits: { circuitFailures: 2, circuitOpenMs: 600_000 },
      }),
    );
    const path = `/hubs/notifications?access_token=${await tokenOf('alice')}`;
    for (const retryAfter of ['1', '1', '600']) {
      const { status, headers, body } = await upgrade(gateway.url + path);
      expect({ status, retryAfter: headers['retry-after'] }).toEqual({ status: 503, retryAfter });
      expect(JSON.parse(body)).toMatchObject({ code: 'unavailable' });
    }
    expect(gateway.logged()).toContain('the service does not answer');
    const without = await use(startGateway({ services: { notification: service.url } }));
    expect((await upgrade(without.url + path)).status).toBe(404);
    expect((await fetch(without.url + path, { headers: await bearerOf('alice') })).status).toBe(404);
    expect((await upgrade(`${without.url}/api/notifications`, await bearerOf('alice'))).status).toBe(400);
    expect((await upgrade(`${without.url}/nowhere`)).status).toBe(404);
  });

  it('are 503 where the hub hangs', async () => {
    const worker = await use(startWorker());
    const toHub = await use(startTcpProxy({ port: Number(new URL(worker.url).port) }));
    const services = { hub: toHub.through(worker.url) };
    const gateway = await gatewayTo(worker, { services, limits: { hubSilenceTimeoutMs: 1_500 } });
    const path = `/hubs/notifications?access_token=${await worker.token()}`;
    toHub.blackhole();
    expect((await upgrade(gateway.url + path)).status).toBe(503);
    await toHub.heal();
    const { status, socket } = await upgrade(gateway.url + path);
    expect(status).toBe(101);
    socket?.destroy();
  });

  it('name a proxy that lost the Upgrade header', async () => {
    const { worker, gateway } = await startHub();
    const answer = await fetch(`${gateway.url}/hubs/notifications`, {
      headers: { authorization: `Bearer ${await worker.token()}`, 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' },
    });
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('Upgrade header did not arrive');
  });

  it('leave a poll with an expired token to its hub, and nothing else', async () => {
    const { worker, gateway } = await startHub();
    const expired = { authorization: `Bearer ${await worker.token('alice', -1)}` };
    const status = async (path: string, method = 'GET') => {
      const answer = await fetch(gateway.url + path, { method, headers: expired });
      await answer.body?.cancel();
      return { status: answer.status, byGateway: answer.headers.has('www-authenticate') };
    };
    expect(await status('/hubs/notifications?id=forged')).toEqual({ status: 401, byGateway: false });
    expect((await status('/hubs/notifications/negotiate?id=forged', 'POST')).byGateway).toBe(true);
    expect((await status('/hubs/notifications')).byGateway).toBe(true);
  });
});

describe('sockets', () => {
  it('end at the client when the hub is cut off, and at the hub when the client is', async () => {
    const worker = await use(startWorker());
    const toHub = await use(startTcpProxy({ port: Number(new URL(worker.url).port) }));
    const gateway = await gatewayTo(worker, { services: { hub: toHub.through(worker.url) } });
    const toGateway = await use(startTcpProxy({ port: gateway.port }));
    const path = `/hubs/notifications?access_token=${await worker.token()}`;
    for (const cut of [
      () => toHub.cut('reset'),
      () => toGateway.cut('reset'),
      () => toHub.cut(),
      () => toGateway.cut(),
    ]) {
      const { socket } = await upgrade(toGateway.through(gateway.url).replace(/\/$/, '') + path);
      if (!socket) throw new Error('not upgraded');
      socket.on('error', () => {});
      socket.resume();
      await eventually(() => (toHub.connections === 1 ? undefined : 'not there'));
      cut();
      await eventually(() => (socket.closed ? undefined : 'the client heard nothing'));
      await eventually(() => (toHub.connections === 0 && toGateway.connections === 0 ? undefined : 'one side is left'));
      await isGone(gateway);
    }
  });

  it('end when nothing moves on them', async () => {
    const worker = await use(startWorker());
    const toHub = await use(startTcpProxy({ port: Number(new URL(worker.url).port) }));
    const gateway = await gatewayTo(worker, {
      services: { hub: toHub.through(worker.url) },
      limits: { hubSilenceTimeoutMs: 1_500 },
    });
    const { socket } = await upgrade(`${gateway.url}/hubs/notifications?access_token=${await worker.token()}`);
    if (!socket) throw new Error('not upgraded');
    socket.resume();
    toHub.blackhole();
    await once(socket, 'close');
    await isGone(gateway);
  });
});

describe('a drain', () => {
  it('takes no new socket, answers REST, and ends the rest spread over its window', async () => {
    const clock = new JumpingClock();
    const worker = await use(startWorker());
    const rest = await use(startService());
    const windowMs = 600_000;
    const gateway = await gatewayTo(worker, {
      services: { hub: worker.url, notification: rest.url },
      clock,
      limits: { drainWindowMs: windowMs },
    });
    const token = await worker.token();
    const path = `/hubs/notifications?access_token=${token}`;
    let ended = 0;
    for (let count = 0; count < 40; count += 1) {
      const { socket } = await upgrade(gateway.url + path);
      socket
        ?.on('error', () => {})
        .on('close', () => {
          ended += 1;
        })
        .resume();
    }
    const draining = gateway.gateway.drain();
    const refused = await upgrade(gateway.url + path);
    const { status, headers } = refused;
    expect({ status, retryAfter: headers['retry-after'] }).toEqual({ status: 503, retryAfter: '1' });
    const answer = await fetch(`${gateway.url}/api/notifications`, { headers: { authorization: `Bearer ${token}` } });
    expect([answer.status, answer.headers.get('connection')]).toEqual([200, 'close']);
    // Not all at once: that many clients would come back in the same moment.
    clock.jump(windowMs / 2);
    await eventually(() => (ended > 0 ? undefined : 'nobody was ended'));
    expect(ended).toBeLessThan(40);
    clock.jump(windowMs / 2);
    await draining;
    await eventually(() => (ended === 40 ? undefined : `${ended} ended`));
    await isGone(gateway);
  });
});

/** What a Service does: each new connection goes to the gateway that takes some. */
async function startBalancer(port: () => number): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer((inner) => {
    const outer = connect(port(), '127.0.0.1');
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('no address');
  return { url: `http://127.0.0.1:${address.port}`, [Symbol.asyncDispose]: async () => void server.close() };
}
