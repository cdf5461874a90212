import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { Redis } from 'ioredis';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createInternalTokens } from '#shared/auth/internal-tokens.ts';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { createInternalApp } from '#shared/http/internal-app.ts';
import { systemClock } from '#shared/runtime/clock.ts';
import { type Listener, listen } from '#shared/runtime/listen.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { SimulatedSource } from '#shared/stream/simulated-source.fixture.ts';
import { freePort } from '#test/dev-env/free-port.ts';
import { type Service, startService } from '#test/dev-env/process.ts';
import { startRedis } from '#test/dev-env/redis.ts';
import type { Server } from '#test/dev-env/server.ts';
import { startTcpProxy, type TcpProxy } from '#test/dev-env/tcp-proxy.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { connected } from './simulated-clients.fixture.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const secret = randomBytes(32).toString('base64');
const [issuer, audience] = ['Sonixy.IdentityService', 'Sonixy.Client'];
const cap = 3;

type Worker = { readonly url: string; readonly opsUrl: string; readonly service: Service };
/** Resolves when it is gone. */
type Client = { end(): Promise<unknown> };
type Connect = (worker: Worker, user: string) => Promise<Client>;

describeWithServer('redis', 'the connections of one user at two hub processes', () => {
  let redis: Server;
  let proxy: TcpProxy;
  let counts: Redis;
  let source: Listener;
  let here: Worker;
  let there: Worker;
  const clients: Client[] = [];

  async function startWorker(idKeys: string): Promise<Worker> {
    const [port, opsPort] = [await freePort(), await freePort()];
    const opsUrl = `http://127.0.0.1:${opsPort}`;
    const service = await startService({
      main: 'services/hub/main.ts',
      env: {
        HOST: '127.0.0.1',
        PORT: String(port),
        OPS_PORT: String(opsPort),
        REDIS_URL: proxy.through(redis.url),
        NOTIFICATION_URL: `http://127.0.0.1:${source.port}`,
        INTERNAL_SECRET: secret,
        JWT_HS256_SECRET: secret,
        HUB_ID_KEYS: idKeys,
        HUB_MAX_CONNECTIONS_PER_USER: String(cap),
        HUB_PRESENCE_TTL_MS: '20000',
      },
      readyUrl: `${opsUrl}/readyz`,
      readyTimeoutMs: 120_000,
    });
    return { url: `http://127.0.0.1:${port}`, opsUrl, service };
  }

  beforeAll(async () => {
    redis = await startRedis();
    proxy = await startTcpProxy({ port: redis.port });
    counts = new Redis(redis.url);
    const tokens = createInternalTokens(secret, systemClock);
    const app = createInternalApp({ source: new SimulatedSource(), tokens, log });
    source = await listen(createServer(app), { host: '127.0.0.1', port: 0 });
    const idKeys = `1:${randomBytes(32).toString('base64')}`;
    [here, there] = await Promise.all([startWorker(idKeys), startWorker(idKeys)]);
  });

  afterAll(async () => {
    for (const client of clients) await client.end();
    for (const worker of [here, there]) await worker?.service.kill();
    counts?.disconnect();
    await source?.close();
    await Promise.all([proxy, redis].map((it) => it?.[Symbol.asyncDispose]()));
  });

  const tokenOf = (user: string) => issueToken({ secret, issuer, audience, user, lifetimeSeconds: 3_600 });

  function keep(client: Client): Client {
    clients.push(client);
    return client;
  }

  const overSignalR =
    (transport: HttpTransportType): Connect =>
    async ({ url }, user) => {
      const connection = new HubConnectionBuilder()
        .withUrl(`${url}/hubs/notifications`, { accessTokenFactory: () => tokenOf(user), transport })
        .configureLogging(LogLevel.None)
        .build();
      await connection.start();
      return keep({ end: () => connection.stop() });
    };

  const overSocketIo: Connect = async ({ url }, user) => {
    const auth = { token: await tokenOf(user) };
    const socket = io(url, { auth, transports: ['websocket'], forceNew: true, reconnection: false });
    const client = keep({ end: async () => void socket.close() });
    await connected(socket).catch((error: { data?: { code: string } }) => {
      throw new Error(`refused: ${error.data?.code}`);
    });
    return client;
  };
  const kinds: Readonly<Record<string, Connect>> = {
    'SignalR WebSockets': overSignalR(HttpTransportType.WebSockets),
    'SignalR long polling': overSignalR(HttpTransportType.LongPolling),
    'socket.io': overSocketIo,
  };
  const connect = overSocketIo;

  async function negotiateStatus({ url }: Worker, user: string): Promise<number> {
    const headers = { authorization: `Bearer ${await tokenOf(user)}` };
    const response = await fetch(`${url}/hubs/notifications/negotiate?negotiateVersion=1`, { method: 'POST', headers });
    await response.body?.cancel();
    return response.status;
  }

  /** Waits until that many connections of the user are told of. */
  const told = (user: string, wanted: number) =>
    eventually(
      async () => {
        const said = await counts.hvals(`sonixy:connections:${user}`);
        const sum = said.reduce((total, text) => total + Number(text.split(' ')[1]), 0);
        return sum === wanted ? undefined : `${sum} of ${wanted} are told of`;
      },
      { timeoutMs: 60_000 },
    );

  const answers = (worker: Worker, user: string, wanted: number, timeoutMs = 60_000) =>
    eventually(
      async () => {
        const status = await negotiateStatus(worker, user);
        return status === wanted ? undefined : `negotiate is answered ${status}`;
      },
      { timeoutMs, everyMs: 100 },
    );

  it.each(Object.entries(kinds))('are n over %s, and n + 1 are refused at both until one ends', async (kind, join) => {
    const user = `alice ${kind}`;
    await join(here, user);
    await told(user, 1);
    const second = await join(there, user);
    await told(user, 2);
    await join(here, user);
    await told(user, cap);
    for (const worker of [here, there]) {
      expect(await negotiateStatus(worker, user)).toBe(429);
      await expect(join(worker, user)).rejects.toThrow(/429|rate_limited/);
      expect(await negotiateStatus(worker, `bob ${kind}`)).toBe(200);
    }
    await second.end();
    await told(user, 2);
    await join(here, user);
    await told(user, cap);
    // Also where he has none at all.
    await expect(join(there, user)).rejects.toThrow(/429|rate_limited/);
  });

  it.each<[how: string, fail: () => void]>([
    [
      'gone',
      () => {
        proxy.refuse();
        proxy.cut();
      },
    ],
    ['silent', () => proxy.blackhole()],
  ])('are counted at each alone while Redis is %s, and connects go on', async (how, fail) => {
    const user = `carol ${how}`;
    for (const worker of [here, there, there]) await connect(worker, user);
    await told(user, cap);
    expect(await negotiateStatus(here, user)).toBe(429);
    fail();
    const more = [await connect(here, user), await connect(here, user), await connect(there, user)];
    for (const worker of [here, there]) await expect(connect(worker, user)).rejects.toThrow('rate_limited');
    await proxy.heal();
    // Who is in stays, and counts again.
    await more[0]?.end();
    await told(user, 2 * cap - 1);
    await answers(here, user, 429);
    await answers(there, user, 429);
  });

  it('count no more when their process died, once its word has expired', { timeout: 180_000 }, async () => {
    const user = 'dave';
    for (const worker of [here, there, there]) await connect(worker, user);
    await told(user, cap);
    await there.service.kill();
    expect(await negotiateStatus(here, user)).toBe(429);
    await answers(here, user, 200, 120_000);
    await connect(here, user);
    await connect(here, user);
    await expect(connect(here, user)).rejects.toThrow('rate_limited');
    await there.service.restart();
    await answers(there, user, 429);
  });
});
