import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInternalTokens } from '#shared/auth/internal-tokens.ts';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { connectRedisBackplane } from '#shared/backplane/redis-backplane.ts';
import { connectAmqpBus } from '#shared/bus/amqp-bus.ts';
import type { Bus } from '#shared/bus/bus.ts';
import { createEventPublisher, type EventPublisher } from '#shared/bus/event-publisher.ts';
import { notificationStream, type UserId } from '#shared/contract/ids.ts';
import { exchanges, messageUrns, streamChannel } from '#shared/contract/names.ts';
import { decodePushFrame, type PushFrame } from '#shared/contract/push-frame.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { bareEnvironment } from '#test/dev-env/bare-environment.ts';
import { spawnChild } from '#test/dev-env/child.ts';
import { freePort } from '#test/dev-env/free-port.ts';
import { startMongoDev } from '#test/dev-env/mongodev.ts';
import { type Service, startService } from '#test/dev-env/process.ts';
import { startRabbitMq } from '#test/dev-env/rabbitmq.ts';
import { startRedis } from '#test/dev-env/redis.ts';
import type { Server } from '#test/dev-env/server.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { like } from './notification.fixture.ts';
import { newUser } from './store/notification-store.fixture.ts';

const secret = randomBytes(32).toString('hex');
const log = createLogger({ name: 'test', level: 'silent' });

function settings(servers: { amqp: string; redis: string }, ports: { port: number; opsPort: number }) {
  return {
    HOST: '127.0.0.1',
    PORT: String(ports.port),
    OPS_PORT: String(ports.opsPort),
    AMQP_URL: servers.amqp,
    REDIS_URL: servers.redis,
    INTERNAL_SECRET: secret,
    JWT_HS256_SECRET: secret,
  };
}

async function readyz(opsPort: number) {
  const response = await fetch(`http://127.0.0.1:${opsPort}/readyz`);
  return {
    status: response.status,
    parts: ((await response.json()) as { parts: Record<string, { ready: boolean }> }).parts,
  };
}

describeWithServer(['rabbitmq', 'redis', 'mongodev'], 'the notification process', () => {
  let rabbit: Server;
  let redis: Server;
  let mongo: Server;
  let bus: Bus;
  let publisher: EventPublisher;
  let service: Service;
  let ports: { port: number; opsPort: number };

  beforeAll(async () => {
    [rabbit, redis, mongo] = await Promise.all([startRabbitMq(), startRedis(), startMongoDev()]);
    bus = connectAmqpBus({ url: rabbit.url, log });
    publisher = createEventPublisher({ bus });
    ports = { port: await freePort(), opsPort: await freePort() };
    service = await startService({
      main: 'services/notification/main.ts',
      env: { ...settings({ amqp: rabbit.url, redis: redis.url }, ports), MONGODB_URL: mongo.url },
      readyUrl: `http://127.0.0.1:${ports.opsPort}/readyz`,
    });
  });

  afterAll(async () => {
    await bus?.close();
    await Promise.all([service, rabbit, redis, mongo].map((it) => it?.[Symbol.asyncDispose]()));
  });

  const publish = (user: UserId, message = like(user)) =>
    publisher.publish({
      exchange: exchanges.userInteraction,
      messageUrn: messageUrns.userInteraction,
      payload: message.payload,
      messageId: message.messageId,
    });

  const consuming = () =>
    eventually(
      async () => {
        const { parts } = await readyz(ports.opsPort);
        const waiting = Object.entries(parts).filter(([, { ready }]) => !ready);
        return waiting.length === 0 ? undefined : JSON.stringify(waiting);
      },
      { timeoutMs: 40_000 },
    );

  async function list(user: UserId): Promise<{ items: { id: string; number: number }[] }> {
    const token = await issueToken({
      secret,
      issuer: 'Sonixy.IdentityService',
      audience: 'Sonixy.Client',
      user,
      lifetimeSeconds: 60,
    });
    const response = await fetch(`http://127.0.0.1:${ports.port}/api/notifications?pageSize=100`, {
      headers: { authorization: `Bearer ${token}` },
    });
    if (!response.ok) throw new Error(`REST answers ${response.status}`);
    return (await response.json()) as { items: { id: string; number: number }[] };
  }

  const hasAll = (user: UserId, count: number) => async () => {
    const { items } = await list(user);
    return items.length >= count ? undefined : `${items.length} of ${count}`;
  };

  it('turns an event from RabbitMQ into a row that REST shows and a frame on Redis', async () => {
    await consuming();
    const alice = newUser();
    const backplane = connectRedisBackplane({ url: redis.url, log });
    const frames: PushFrame[] = [];
    await backplane.subscribe(streamChannel(notificationStream(alice)), (bytes) => {
      const frame = decodePushFrame(bytes);
      if (frame) frames.push(frame);
    });
    await publish(alice);
    await eventually(() => (frames.length === 1 ? undefined : `${frames.length} frames`));
    const { items } = await list(alice);
    expect(items).toHaveLength(1);
    expect(JSON.parse(Buffer.from(frames[0]?.body ?? []).toString())).toEqual(items[0]);
    const heads = await fetch(`http://127.0.0.1:${ports.port}/internal/heads`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await createInternalTokens(secret, clock).issue()}`,
      },
      body: JSON.stringify({ streams: [notificationStream(alice)] }),
    });
    expect(await heads.json()).toEqual({ epoch: frames[0]?.epoch, heads: [expect.objectContaining({ seq: 1 })] });
    await backplane.close();
  });

  it('stores every event once when it is killed in mid-way, delivered twice or not', async () => {
    await consuming();
    const alice = newUser();
    const messages = Array.from({ length: 60 }, () => like(alice));
    const publishing = Promise.all([...messages, ...messages.slice(0, 20)].map((message) => publish(alice, message)));
    await eventually(hasAll(alice, 1));
    await service.restart();
    await publishing;
    await eventually(hasAll(alice, messages.length));
    await consuming();
    const { items } = await list(alice);
    expect(items.map(({ number }) => number)).toEqual(messages.map((_, index) => messages.length - index));
  });

  it('keeps events while MongoDB is away, says so, and heals by itself', async () => {
    await consuming();
    const alice = newUser();
    await publish(alice);
    await eventually(hasAll(alice, 1));
    await mongo.kill();
    await Promise.all(Array.from({ length: 5 }, () => publish(alice)));
    await eventually(async () => {
      const { status, parts } = await readyz(ports.opsPort);
      expect(status).toBe(200);
      return parts['store']?.ready ? 'the store is said to answer' : undefined;
    });
    expect((await fetch(`http://127.0.0.1:${ports.port}/api/notifications`)).status).toBe(401);
    await expect(list(alice)).rejects.toThrow('REST answers 503');
    await mongo.restart();
    await eventually(hasAll(alice, 6), { timeoutMs: 40_000 });
    await consuming();
    expect((await list(alice)).items).toHaveLength(6);
  });

  it('begins a new epoch on command', async () => {
    const command = await spawnChild({
      command: process.execPath,
      args: ['services/notification/main.ts', 'new-epoch'],
      env: { ...bareEnvironment(), MONGODB_URL: mongo.url },
      cwd: resolve(import.meta.dirname, '../..'),
    });
    expect(await command.exited).toMatchObject({ code: 0 });
    expect(command.output()).toMatch(/^new epoch [A-Za-z0-9_-]+: every client reloads\n$/);
  });

  it('drains at SIGTERM: what is in hand is stored, what is left goes to the next one', async () => {
    await consuming();
    const alice = newUser();
    const publishing = Promise.all(Array.from({ length: 100 }, () => publish(alice)));
    await eventually(hasAll(alice, 1));
    expect(await service.stop()).toMatchObject({ code: 0 });
    await publishing;
    await service.restart();
    await eventually(hasAll(alice, 100));
    expect((await list(alice)).items).toHaveLength(100);
  });
});

describe('the notification process', () => {
  it('starts without its servers, on a file of its own, and says what it waits for', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sonixy-notification-'));
    const ports = { port: await freePort(), opsPort: await freePort() };
    const nowhere = `127.0.0.1:${await freePort()}`;
    await using service = await startService({
      main: 'services/notification/main.ts',
      env: {
        ...settings({ amqp: `amqp://${nowhere}`, redis: `redis://${nowhere}` }, ports),
        DATA_DIR: join(folder, 'data'),
      },
      readyUrl: `http://127.0.0.1:${ports.opsPort}/readyz`,
    });
    expect((await readyz(ports.opsPort)).parts).toMatchObject({
      store: { ready: true },
      events: { ready: false, detail: expect.any(String) },
      backplane: { ready: false },
    });
    expect(await service.stop()).toMatchObject({ code: 0 });
    rmSync(folder, { recursive: true });
  });

  it('is not ready before its store was reached once', async () => {
    const ports = { port: await freePort(), opsPort: await freePort() };
    const nowhere = `127.0.0.1:${await freePort()}`;
    await using service = await startService({
      main: 'services/notification/main.ts',
      env: {
        ...settings({ amqp: `amqp://${nowhere}`, redis: `redis://${nowhere}` }, ports),
        MONGODB_URL: `mongodb://user:canary-password@${nowhere}`,
      },
    });
    await eventually(async () => {
      const { status, parts } = await readyz(ports.opsPort);
      return status === 503 && parts['store']?.ready === false ? undefined : `readyz answers ${status}`;
    });
    expect(await service.stop()).toMatchObject({ code: 0 });
    expect(service.output()).not.toContain('canary-password');
    expect(service.output()).not.toContain(secret);
  });

  it.each([
    ['no settings', {}, /AMQP_URL.*\n.*REDIS_URL/],
    ['a MongoDB URL that cannot be read', { MONGODB_URL: 'mongodb://user:canary%@host/?x=y' }, /MongoDB URL/],
  ])('with %s ends with a plain word', async (_what, env, said) => {
    const base =
      Object.keys(env).length > 0 ? settings({ amqp: 'amqp://x', redis: 'redis://x' }, { port: 0, opsPort: 0 }) : {};
    await using service = await startService({ main: 'services/notification/main.ts', env: { ...base, ...env } });
    expect((await service.exited).code).toBeGreaterThan(0);
    expect(service.output()).toMatch(said);
    expect(service.output()).not.toContain('canary');
  });
});
