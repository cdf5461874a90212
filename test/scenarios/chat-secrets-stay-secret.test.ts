import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { collectEvents, type SeenEvent } from '#services/chat/chat.fixture.ts';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { connectAmqpBus } from '#shared/bus/amqp-bus.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { freePort } from '#test/dev-env/free-port.ts';
import { type Service, startService } from '#test/dev-env/process.ts';
import { startRabbitMq } from '#test/dev-env/rabbitmq.ts';
import { startRedis } from '#test/dev-env/redis.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';

const secret = randomBytes(32).toString('hex');
const slowMs = 240_000;

const tokenOf = (user: string) =>
  issueToken({ secret, issuer: 'Sonixy.IdentityService', audience: 'Sonixy.Client', user, lifetimeSeconds: 3_600 });

type Worker = { readonly service: Service; readonly url: string; readonly opsUrl: string };

describeWithServer(['rabbitmq', 'redis'], 'secrets of the chat stay secret', () => {
  const parts = new AsyncDisposableStack();
  const workers: Worker[] = [];
  let gateway: string;
  let events: readonly SeenEvent[];

  async function start(main: string, env: Record<string, string>): Promise<string> {
    const [port, opsPort] = [await freePort(), await freePort()];
    const [url, opsUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${opsPort}`];
    const own = { HOST: '127.0.0.1', PORT: String(port), OPS_PORT: String(opsPort), LOG_LEVEL: 'trace' };
    const service = await startService({
      main: `services/${main}/main.ts`,
      env: { ...own, INTERNAL_SECRET: secret, JWT_HS256_SECRET: secret, ...env },
      readyUrl: `${opsUrl}/readyz`,
      readyTimeoutMs: 60_000,
    });
    workers.push({ service: parts.use(service), url, opsUrl });
    return url;
  }

  beforeAll(async () => {
    const [rabbit, redis] = await Promise.all([startRabbitMq(), startRedis()]);
    for (const server of [rabbit, redis]) parts.use(server);
    const bus = connectAmqpBus({ url: rabbit.url, log: createLogger({ name: 'test', level: 'silent' }) });
    parts.defer(() => bus.close());
    events = await collectEvents(bus);
    const folder = mkdtempSync(join(tmpdir(), 'sonixy-secrets-'));
    parts.defer(() => rmSync(folder, { recursive: true, force: true }));
    const shared = {
      AMQP_URL: rabbit.url,
      REDIS_URL: redis.url,
      // Nobody there: this is about the chat.
      NOTIFICATION_URL: `http://127.0.0.1:${await freePort()}`,
    };
    const chat = await start('chat', { ...shared, DATA_DIR: folder });
    const hub = await start('hub', {
      ...shared,
      CHAT_URL: chat,
      HUB_ID_KEYS: `1:${randomBytes(32).toString('base64')}`,
    });
    const { REDIS_URL, NOTIFICATION_URL } = shared;
    gateway = await start('gateway', { REDIS_URL, NOTIFICATION_URL, CHAT_URL: chat, HUB_URL: hub });
  });

  afterAll(() => parts.disposeAsync());

  const metricsOf = async () =>
    (await Promise.all(workers.map(async ({ opsUrl }) => (await fetch(`${opsUrl}/metrics`)).text()))).join('\n');

  async function post(user: string, path: string, body: object) {
    const headers = { authorization: `Bearer ${await tokenOf(user)}`, 'content-type': 'application/json' };
    const response = await fetch(gateway + path, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: response.status, body: (await response.json()) as { id: string } };
  }

  it(
    'tokens and contents, by the gateway, the chat and its hub, whatever happens to a request',
    async () => {
      const [alice, bob] = [`canary-alice-${randomUUID()}`, `canary-bob-${randomUUID()}`];
      const content = 'canary-content of a message';
      const token = await tokenOf(alice);
      const [header, payload = ''] = token.split('.');
      const forged = `${header}.${payload}.Y2FuYXJ5LWNhbmFyeS1jYW5hcnktY2FuYXJ5`;
      const { body: pair } = await post(alice, '/api/chat/conversations', { type: 0, participantIds: [bob] });

      const answers: string[] = [];
      const statuses = new Set<number>();
      const call = async (path: string, init: RequestInit = {}) => {
        const response = await fetch(gateway + path, init);
        statuses.add(response.status);
        answers.push(JSON.stringify([...response.headers]), await response.text());
      };
      for (const bearer of [token, forged]) {
        const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
        for (const path of [
          'conversations',
          'conversations?limit=x',
          'conversations/nowhere',
          'nothing/at/all',
          'sync',
        ]) {
          await call(`/api/chat/${path}`, { headers });
          await call(`/api/chat/${path}`, { headers: { ...headers, origin: 'https://evil.example' } });
          await call(`/api/chat/${path}${path.includes('?') ? '&' : '?'}access_token=${bearer}`);
        }
        for (const type of [0, 1, 9]) {
          const body = JSON.stringify({ conversationId: pair.id, content, type });
          await call('/api/chat/messages', { method: 'POST', headers, body });
          await call('/api/chat/messages', { method: 'POST', headers, body: body.slice(0, -1) });
        }
        await call('/api/chat/messages', { method: 'POST', headers, body: bearer });
        await call(`/hubs/chat/negotiate?negotiateVersion=1&access_token=${bearer}`, { method: 'POST' });
        await call(`/hubs/nothing?access_token=${bearer}`);
        await call(`/hubs/chat?id=${bearer}&access_token=${bearer}`);
        for (const path of ['/hubs/chat?', '/socket.io/?EIO=4&transport=websocket&']) {
          await malformedFrame(`${gateway}${path}access_token=${bearer}`, `${bearer} ${content}`);
        }
      }
      expect([...statuses]).toEqual(expect.arrayContaining([200, 201, 400, 401, 404]));

      let shown = 0;
      for (const transport of ['WebSockets', 'ServerSentEvents', 'LongPolling'] as const) {
        const connection = new HubConnectionBuilder()
          .withUrl(`${gateway}/hubs/chat`, {
            transport: HttpTransportType[transport],
            accessTokenFactory: () => tokenOf(bob),
          })
          .configureLogging(LogLevel.None)
          .build();
        connection.on('ReceiveMessage', () => {
          shown += 1;
        });
        await connection.start();
        parts.defer(() => connection.stop());
      }
      await post(alice, '/api/chat/messages', { conversationId: pair.id, content, type: 0 });
      await eventually(() => (shown >= 3 ? undefined : `${shown} of 3 show it`));

      const tokens = [token, forged, payload, (await tokenOf(bob)).split('.')[1] ?? ''];
      const metrics = await metricsOf();
      for (const { service } of workers) {
        for (const canary of [...tokens, 'canary-content'])
          expect.soft(service.output().includes(canary), `${canary.slice(0, 30)} in a log`).toBe(false);
        // The twin: what is looked at does hold what happened.
        expect.soft(service.output().length).toBeGreaterThan(500);
      }
      for (const canary of [...tokens, 'canary-', pair.id])
        expect.soft(metrics.includes(canary), `${canary.slice(0, 30)} in the metrics`).toBe(false);
      const said = answers.join('\n');
      const published = JSON.stringify(events);
      expect(published).toContain('canary-content');
      for (const canary of tokens) {
        expect.soft(said.includes(canary), 'a token in an answer').toBe(false);
        expect.soft(published.includes(canary), 'a token on the bus').toBe(false);
      }
    },
    slowMs,
  );

  it(
    'users, from the metrics: series do not grow with them (S16)',
    async () => {
      const seriesIn = (text: string) => text.split('\n').filter((line) => line && !line.startsWith('#')).length;
      const visit = async (user: string) => {
        const connection = new HubConnectionBuilder()
          .withUrl(`${gateway}/hubs/chat`, { accessTokenFactory: () => tokenOf(user) })
          .configureLogging(LogLevel.None)
          .build();
        let shown = 0;
        connection.on('ReceiveMessage', () => {
          shown += 1;
        });
        await connection.start();
        const group = await post(user, '/api/chat/conversations', { type: 1, participantIds: [] });
        expect(group.status).toBe(201);
        await post(user, '/api/chat/messages', { conversationId: group.body.id, content: 'hello', type: 0 });
        await eventually(() => (shown > 0 ? undefined : 'nothing is shown'), { timeoutMs: 60_000 });
        await connection.stop();
      };
      await visit('first-of-many');
      const before = seriesIn(await metricsOf());
      const users = Array.from({ length: 100 }, (_, index) => `one-of-many-${index}`);
      for (let from = 0; from < users.length; from += 20) await Promise.all(users.slice(from, from + 20).map(visit));
      const after = await metricsOf();
      expect(users.filter((user) => after.includes(user))).toEqual([]);
      // What happens for the first time adds its few series, whoever it happens to.
      expect(seriesIn(after) - before).toBeLessThan(users.length / 2);
    },
    slowMs,
  );
});

function malformedFrame(url: string, text: string): Promise<void> {
  return new Promise((resolve) => {
    const socket = new WebSocket(url.replace('http', 'ws'));
    socket.once('open', () => {
      socket.send(`{"protocol":"json","version":1}\x1e{"type":1,"target":"${text}","arguments":["${text}"]}\x1e{\x1e`);
      socket.ping();
    });
    socket.once('pong', () => socket.close());
    socket.once('close', () => resolve());
    socket.once('error', () => resolve());
  });
}
