import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { connectAmqpBus } from '#shared/bus/amqp-bus.ts';
import type { Bus } from '#shared/bus/bus.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { bareEnvironment } from '#test/dev-env/bare-environment.ts';
import { spawnChild } from '#test/dev-env/child.ts';
import { freePort } from '#test/dev-env/free-port.ts';
import { startMongoDev } from '#test/dev-env/mongodev.ts';
import { type Service, startService } from '#test/dev-env/process.ts';
import { startRabbitMq } from '#test/dev-env/rabbitmq.ts';
import { startRedis } from '#test/dev-env/redis.ts';
import type { Server } from '#test/dev-env/server.ts';
import { startTcpProxy, type TcpProxy } from '#test/dev-env/tcp-proxy.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { collectEvents, type Json, newUser, type SeenEvent } from './chat.fixture.ts';

const secret = randomBytes(32).toString('hex');
const log = createLogger({ name: 'test', level: 'silent' });

type Ports = { readonly port: number; readonly opsPort: number };

type Servers = { readonly amqp: string; readonly redis: string; readonly notification: string };

function settings(servers: Servers, { port, opsPort }: Ports): Record<string, string> {
  return {
    HOST: '127.0.0.1',
    PORT: String(port),
    OPS_PORT: String(opsPort),
    AMQP_URL: servers.amqp,
    REDIS_URL: servers.redis,
    NOTIFICATION_URL: servers.notification,
    INTERNAL_SECRET: secret,
    JWT_HS256_SECRET: secret,
    CHAT_SWEEP_EVERY_MS: '200',
    CHAT_SWEEP_GRACE_MS: '2000',
  };
}

async function newPorts(): Promise<Ports> {
  return { port: await freePort(), opsPort: await freePort() };
}

async function readyz(opsPort: number) {
  const response = await fetch(`http://127.0.0.1:${opsPort}/readyz`);
  return {
    status: response.status,
    parts: ((await response.json()) as { parts: Record<string, { ready: boolean }> }).parts,
  };
}

async function call(port: number, user: string, method: string, path: string, body?: object) {
  const token = await issueToken({
    secret,
    issuer: 'Sonixy.IdentityService',
    audience: 'Sonixy.Client',
    user,
    lifetimeSeconds: 600,
  });
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: response.status, body: (await response.json()) as Json };
}

/** Creates a pair; what it answers sends a message and returns it when that was acknowledged. */
async function openPair(port: number) {
  const [alice, bob] = [newUser('alice'), newUser('bob')];
  const { body } = await call(port, alice, 'POST', '/api/chat/conversations', { type: 0, participantIds: [bob] });
  const id: string = body.id;
  return {
    alice,
    bob,
    id,
    send: (content: string, on = port) =>
      call(on, alice, 'POST', '/api/chat/messages', { conversationId: id, content, type: 0, clientMessageId: content }),
  };
}

/** Of tests that start processes and servers again. */
const slowMs = 240_000;

describeWithServer(['rabbitmq', 'redis', 'mongodev'], 'the chat process', () => {
  let rabbit: Server;
  let redis: Server;
  let mongo: Server;
  let proxy: TcpProxy;
  let bus: Bus;
  let events: readonly SeenEvent[];
  let folder: string;
  let ports: Ports;
  let notification: Service;
  let notificationUrl: string;
  let service: Service;

  const serversOf = (amqp: string): Servers => ({ amqp, redis: redis.url, notification: notificationUrl });
  const start = (on: Ports, store: Record<string, string> = { DATA_DIR: join(folder, 'data') }) =>
    startService({
      main: 'services/chat/main.ts',
      env: { ...settings(serversOf(proxy.through(rabbit.url)), on), ...store },
      readyUrl: `http://127.0.0.1:${on.opsPort}/readyz`,
    });

  beforeAll(async () => {
    [rabbit, redis, mongo] = await Promise.all([startRabbitMq(), startRedis(), startMongoDev()]);
    proxy = await startTcpProxy({ port: rabbit.port });
    bus = connectAmqpBus({ url: rabbit.url, log });
    events = await collectEvents(bus);
    folder = mkdtempSync(join(tmpdir(), 'sonixy-chat-'));
    ports = await newPorts();
    const notificationPorts = await newPorts();
    notificationUrl = `http://127.0.0.1:${notificationPorts.port}`;
    notification = await startService({
      main: 'services/notification/main.ts',
      env: { ...settings(serversOf(rabbit.url), notificationPorts), DATA_DIR: join(folder, 'notification') },
      readyUrl: `http://127.0.0.1:${notificationPorts.opsPort}/readyz`,
      readyTimeoutMs: 120_000,
    });
    service = await start(ports);
  }, 400_000);

  afterAll(async () => {
    await bus?.close();
    await Promise.all([service, notification, proxy, rabbit, redis, mongo].map((it) => it?.[Symbol.asyncDispose]()));
    rmSync(folder, { recursive: true, force: true });
  });

  const connected = (on = ports) =>
    eventually(
      async () => {
        const { parts } = await readyz(on.opsPort);
        const waiting = Object.entries(parts).filter(([, { ready }]) => !ready);
        return waiting.length === 0 ? undefined : JSON.stringify(waiting);
      },
      { timeoutMs: 60_000 },
    );

  const disconnected = () =>
    eventually(async () => ((await readyz(ports.opsPort)).parts['bus']?.ready ? 'the bus is connected' : undefined));

  const of = (id: string) => events.filter(({ event }) => event.conversationId === id);

  const heardOf = (id: string, numbers: readonly number[]) =>
    eventually(
      () => {
        const heard = new Set(of(id).map(({ event }) => event.number));
        const missing = numbers.filter((number) => !heard.has(number));
        return missing.length === 0 ? undefined : `nothing of ${missing.slice(0, 5)}… (${missing.length})`;
      },
      { timeoutMs: 60_000 },
    );

  const sendAll = async (send: (content: string) => Promise<{ status: number; body: Json }>, count: number) => {
    const numbers: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const { status, body } = await send(`message ${index}`);
      expect(status).toBe(201);
      numbers.push(body.number);
    }
    return numbers;
  };

  it('turns a message into an event on RabbitMQ', async () => {
    await connected();
    const { id, alice, bob, send } = await openPair(ports.port);
    const { body } = await send('hello');
    await heardOf(id, [1, 2]);
    expect(of(id).at(-1)).toMatchObject({
      name: 'MessageSentEvent',
      event: { messageId: body.id, content: 'hello', message: body },
    });
    expect(of(id).at(-1)?.event.recipientIds?.toSorted()).toEqual([alice, bob].toSorted());
  });

  it('killed after it stored and before it published, publishes when it comes back', { timeout: slowMs }, async () => {
    await connected();
    const { id, send } = await openPair(ports.port);
    await heardOf(id, [1]);
    proxy.refuse();
    proxy.cut();
    await disconnected();
    const numbers = await sendAll(send, 5);
    await service.kill();
    expect(of(id)).toHaveLength(1);
    await proxy.heal();
    await service.restart();
    await heardOf(id, numbers);
    expect(of(id)).toHaveLength(6);
  });

  it('killed after it published and before it noted so, publishes again under the same ids', {
    timeout: slowMs,
  }, async () => {
    await connected();
    const { id, send } = await openPair(ports.port);
    await heardOf(id, [1]);
    // The broker's confirms do not arrive any more.
    proxy.setFaults('toClient', { delayMs: 3_600_000 });
    const numbers = await sendAll(send, 5);
    await heardOf(id, numbers);
    await service.kill();
    proxy.cut();
    await proxy.heal();
    await service.restart();
    const times = (number: number) => of(id).filter(({ event }) => event.number === number);
    await eventually(() => (numbers.every((number) => times(number).length >= 2) ? undefined : 'not all came again'), {
      timeoutMs: 60_000,
    });
    for (const number of numbers) {
      expect(new Set(times(number).map(({ messageId }) => messageId)).size).toBe(1);
    }
    const { body } = await send('message 0');
    expect(body.number).toBe(numbers[0]);
  });

  it('takes messages while the broker is frozen, and then while it is dead', { timeout: slowMs }, async () => {
    await connected();
    const { id, send } = await openPair(ports.port);
    rabbit.stopProcess();
    const whileFrozen = await sendAll(send, 5);
    rabbit.cont();
    await heardOf(id, [1, ...whileFrozen]);
    await rabbit.kill();
    const whileDead = await sendAll((content) => send(`later ${content}`), 20);
    await rabbit.restart();
    await heardOf(id, whileDead);
  });

  it('two at once on one store, one of them killed again and again: everything acknowledged is heard of', {
    timeout: slowMs,
  }, async () => {
    await connected();
    const others = await newPorts();
    await using _second = await start(others);
    const { id, alice, send } = await openPair(ports.port);
    const acknowledged: { number: number; id: string }[] = [];
    let stopped = false;
    const sender = async (name: string, port: number) => {
      for (let index = 0; !stopped; index += 1) {
        // As a client does: the same again until it is acknowledged.
        for (;;) {
          const answer = await send(`${name} ${index}`, port).catch(() => undefined);
          if (answer?.status === 201) {
            acknowledged.push(answer.body);
            break;
          }
          if (stopped) return;
        }
      }
    };
    const senders = [sender('a', ports.port), sender('b', ports.port), sender('c', others.port)];
    for (let times = 0; times < 3; times += 1) {
      const before = acknowledged.length;
      await eventually(() => (acknowledged.length >= before + 20 ? undefined : `${acknowledged.length} acknowledged`), {
        timeoutMs: 60_000,
      });
      await service.restart();
    }
    stopped = true;
    await Promise.all(senders);
    await connected();
    await heardOf(
      id,
      acknowledged.map(({ number }) => number),
    );
    const stored = new Map<number, string>();
    for (let before = ''; ; ) {
      const { body } = await call(
        ports.port,
        alice,
        'GET',
        `/api/chat/conversations/${id}/messages?limit=100${before}`,
      );
      if (body.length === 0) break;
      for (const message of body) stored.set(message.number, message.id);
      before = `&before=${body.at(-1).number}`;
    }
    for (const { number, id: messageId } of acknowledged) expect(stored.get(number)).toBe(messageId);
    expect([...stored.keys()].toSorted((a, b) => a - b)).toEqual([...stored.keys()].map((_, index) => index + 1));
  });

  it('does so on MongoDB: takes nothing while that is away, and tells of all that it took', {
    timeout: slowMs,
  }, async () => {
    await connected();
    const others = await newPorts();
    await using onMongo = await start(others, { MONGODB_URL: mongo.url });
    await connected(others);
    const { id, send } = await openPair(others.port);
    const numbers = await sendAll(send, 5);
    await mongo.kill();
    expect((await send('into the void')).status).toBe(503);
    expect((await readyz(others.opsPort)).status).toBe(200);
    await mongo.restart();
    await eventually(async () => ((await send('into the void')).status === 201 ? undefined : 'still away'), {
      timeoutMs: 60_000,
    });
    const publishing = sendAll((content) => send(`again ${content}`), 5);
    numbers.push(...(await publishing));
    await onMongo.restart();
    await heardOf(id, [1, ...numbers]);
    const again = await send('message 0', others.port);
    expect([again.status, again.body.number]).toEqual([201, numbers[0]]);
  });

  it('ends at SIGTERM, also while the broker is away, and leaves the rest to the next one', {
    timeout: slowMs,
  }, async () => {
    await connected();
    const { id, send } = await openPair(ports.port);
    proxy.refuse();
    proxy.cut();
    await disconnected();
    const numbers = await sendAll(send, 3);
    expect(await service.stop()).toMatchObject({ code: 0 });
    await proxy.heal();
    await service.restart();
    await heardOf(id, numbers);
  });

  it('begins a new epoch on command', async () => {
    const command = await spawnChild({
      command: process.execPath,
      args: ['services/chat/main.ts', 'new-epoch'],
      env: { ...bareEnvironment(), DATA_DIR: join(folder, 'data') },
      cwd: resolve(import.meta.dirname, '../..'),
    });
    expect(await command.exited).toMatchObject({ code: 0 });
    expect(command.output()).toMatch(/^new epoch [A-Za-z0-9_-]+: every client reloads\n$/);
  });
});

describe('the chat process', () => {
  it('starts without its servers, on a file of its own, and says what it waits for', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sonixy-chat-'));
    const ports = await newPorts();
    const nowhere = `127.0.0.1:${await freePort()}`;
    await using service = await startService({
      main: 'services/chat/main.ts',
      env: {
        ...settings(
          { amqp: `amqp://${nowhere}`, redis: `redis://${nowhere}`, notification: `http://${nowhere}` },
          ports,
        ),
        DATA_DIR: join(folder, 'data'),
      },
      readyUrl: `http://127.0.0.1:${ports.opsPort}/readyz`,
    });
    expect((await readyz(ports.opsPort)).parts).toMatchObject({
      store: { ready: true },
      bus: { ready: false, detail: expect.any(String) },
      backplane: { ready: false },
      revocations: { ready: false, detail: expect.stringContaining('waiting for the notification service') },
    });
    const { send } = await openPair(ports.port);
    expect((await send('nobody hears it yet')).status).toBe(201);
    expect(await service.stop()).toMatchObject({ code: 0 });
    expect(service.output()).not.toContain('nobody hears it yet');
    rmSync(folder, { recursive: true });
  });

  it.each([
    ['no settings', {}, /AMQP_URL.*\n.*REDIS_URL/],
    ['a MongoDB URL that cannot be read', { MONGODB_URL: 'mongodb://user:canary%@host/?x=y' }, /MongoDB URL/],
  ])('with %s ends with a plain word', async (_what, env, said) => {
    const base =
      Object.keys(env).length > 0
        ? settings({ amqp: 'amqp://x', redis: 'redis://x', notification: 'http://x' }, { port: 0, opsPort: 0 })
        : {};
    await using service = await startService({ main: 'services/chat/main.ts', env: { ...base, ...env } });
    expect((await service.exited).code).toBeGreaterThan(0);
    expect(service.output()).toMatch(said);
    expect(service.output()).not.toContain('canary');
  });

  it('knows no other command', async () => {
    const command = await spawnChild({
      command: process.execPath,
      args: ['services/chat/main.ts', 'destroy'],
      env: bareEnvironment(),
      cwd: resolve(import.meta.dirname, '../..'),
    });
    expect(await command.exited).toMatchObject({ code: 78 });
    expect(command.output()).toContain('no command destroy');
  });
});
