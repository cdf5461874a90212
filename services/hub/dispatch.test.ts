import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createInternalTokens } from '#shared/auth/internal-tokens.ts';
import { issueToken } from '#shared/auth/token-issuer.ts';
import { connectAmqpBus } from '#shared/bus/amqp-bus.ts';
import type { Bus } from '#shared/bus/bus.ts';
import { createEventPublisher } from '#shared/bus/event-publisher.ts';
import { smallConversation } from '#shared/contract/chat-dto.ts';
import { exchanges, messageUrns } from '#shared/contract/names.ts';
import { createInternalApp } from '#shared/http/internal-app.ts';
import { type Pushed, SimulatedChat, type SimulatedConversation } from '#shared/hub/simulated-chat.fixture.ts';
import { systemClock } from '#shared/runtime/clock.ts';
import { type Listener, listen } from '#shared/runtime/listen.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { SimulatedSource } from '#shared/stream/simulated-source.fixture.ts';
import { freePort } from '#test/dev-env/free-port.ts';
import { type Service, startService } from '#test/dev-env/process.ts';
import { startRabbitMq } from '#test/dev-env/rabbitmq.ts';
import { startRedis } from '#test/dev-env/redis.ts';
import type { Server } from '#test/dev-env/server.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { toMessageEvent } from './dispatch/message-event.fixture.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const secret = randomBytes(32).toString('base64');
const [issuer, audience] = ['Sonixy.IdentityService', 'Sonixy.Client'];

type Worker = { readonly url: string; readonly opsUrl: string; readonly service: Service };
type Client = { numbers(): number[]; received: string[]; invoke(method: string, argument: unknown): Promise<unknown> };

describeWithServer(['rabbitmq', 'redis'], 'two hub processes that dispatch messages', () => {
  let rabbit: Server;
  let redis: Server;
  let bus: Bus;
  let services: Listener[];
  let workers: Worker[];
  const chat = new SimulatedChat();
  const ends: (() => Promise<unknown>)[] = [];

  async function serve(source: SimulatedChat | SimulatedSource): Promise<Listener> {
    const tokens = createInternalTokens(secret, systemClock);
    return listen(createServer(createInternalApp({ source, tokens, log })), { host: '127.0.0.1', port: 0 });
  }

  async function startWorker(idKeys: string): Promise<Worker> {
    const [port, opsPort] = [await freePort(), await freePort()];
    const opsUrl = `http://127.0.0.1:${opsPort}`;
    const service = await startService({
      main: 'services/hub/main.ts',
      env: {
        HOST: '127.0.0.1',
        PORT: String(port),
        OPS_PORT: String(opsPort),
        AMQP_URL: rabbit.url,
        REDIS_URL: redis.url,
        NOTIFICATION_URL: `http://127.0.0.1:${services[0]?.port}`,
        CHAT_URL: `http://127.0.0.1:${services[1]?.port}`,
        INTERNAL_SECRET: secret,
        JWT_HS256_SECRET: secret,
        HUB_ID_KEYS: idKeys,
        HUB_COMPARE_EVERY_MS: '1000',
        HUB_PRESENCE_TTL_MS: '9000',
        HUB_PRESENCE_EVERY_MS: '200',
      },
      readyUrl: `${opsUrl}/readyz`,
    });
    return { url: `http://127.0.0.1:${port}`, opsUrl, service };
  }

  beforeAll(async () => {
    [rabbit, redis] = await Promise.all([startRabbitMq(), startRedis()]);
    services = [await serve(new SimulatedSource()), await serve(chat)];
    bus = connectAmqpBus({ url: rabbit.url, log });
    const idKeys = `1:${randomBytes(32).toString('base64')}`;
    workers = await Promise.all([startWorker(idKeys), startWorker(idKeys)]);
    for (const worker of workers) await consuming(worker);
  });

  afterAll(async () => {
    for (const end of ends) await end();
    for (const { service } of workers ?? []) await service.kill();
    await bus?.close();
    for (const listener of services ?? []) await listener.close();
    await Promise.all([rabbit, redis].map((server) => server?.[Symbol.asyncDispose]()));
  });

  async function partsOf({ opsUrl }: Worker) {
    const { parts } = (await (await fetch(`${opsUrl}/readyz`)).json()) as {
      parts: Record<string, { ready: boolean; detail: string }>;
    };
    return parts;
  }

  const consuming = (worker: Worker) =>
    eventually(async () => {
      const { events, backplane } = await partsOf(worker);
      return events?.ready && backplane?.ready ? undefined : JSON.stringify({ events, backplane });
    });

  const workerAt = (index: number) => workers[index] as Worker;

  async function connect({ url }: Worker, user: string): Promise<Client> {
    const connection = new HubConnectionBuilder()
      .withUrl(`${url}/hubs/chat`, {
        accessTokenFactory: () => issueToken({ secret, issuer, audience, user, lifetimeSeconds: 3_600 }),
      })
      .configureLogging(LogLevel.None)
      .build();
    ends.push(() => connection.stop());
    const received: string[] = [];
    for (const method of ['ReceiveMessage', 'UpdateConversation', 'UserTyping', 'PresenceChanged']) {
      connection.on(method, (...args) => received.push(`${method} ${JSON.stringify(args)}`));
    }
    await connection.start();
    const numbers = () =>
      received.flatMap((line) => {
        const [, args = '[]'] = /^ReceiveMessage (.*)$/.exec(line) ?? [];
        return (JSON.parse(args) as { number: number }[]).map(({ number }) => number);
      });
    return { received, numbers, invoke: (method, argument) => connection.invoke(method, argument) };
  }

  async function publish(conversation: SimulatedConversation, ...rows: Pushed[]): Promise<void> {
    const publisher = createEventPublisher({ bus });
    const [exchange, messageUrn] = [exchanges.messageSent, messageUrns.messageSent];
    const events = rows.map((row) => toMessageEvent(conversation, row));
    await Promise.all(events.map((payload) => publisher.publish({ exchange, messageUrn, payload })));
  }

  async function metric({ opsUrl }: Worker, name: string, outcome: string): Promise<number> {
    const text = await (await fetch(`${opsUrl}/metrics`)).text();
    return Number(new RegExp(`^${name}\\{outcome="${outcome}".*\\} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  }

  const sum = async (name: string, outcome: string) =>
    (await Promise.all(workers.map((worker) => metric(worker, name, outcome)))).reduce((total, one) => total + one, 0);

  const has = (clients: readonly Client[], wanted: readonly number[]) =>
    eventually(
      () => {
        const missing = clients.filter(({ numbers }) => numbers().length < wanted.length);
        return missing.length > 0
          ? `has ${missing.map(({ numbers }) => numbers().length)} of ${wanted.length}`
          : undefined;
      },
      { timeoutMs: 60_000 },
    ).then(() => {
      for (const { numbers } of clients) expect(numbers()).toEqual(wanted);
    });

  const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index);

  it.each([
    ['small', 0],
    ['large', smallConversation],
  ])('hand each event of a %s conversation on once, to clients of both', async (size, more) => {
    const crowd = Array.from({ length: more }, (_, index) => `user-${index}`);
    const group = chat.create(`alice-${size}`, `bob-${size}`, ...crowd);
    const clients = [
      await connect(workerAt(0), `alice-${size}`),
      await connect(workerAt(1), `alice-${size}`),
      await connect(workerAt(1), `bob-${size}`),
    ];
    const before = await sum('hub_events_total', 'published');
    await publish(group, ...Array.from({ length: 200 }, () => group.send()));
    await has(clients, range(2, 201));
    await eventually(async () => {
      const published = (await sum('hub_events_total', 'published')) - before;
      return published === 200 ? undefined : `${published} of 200 events`;
    });
    // Both took some: the queue is shared.
    for (const worker of workers) expect(await metric(worker, 'hub_events_total', 'published')).toBeGreaterThan(0);
    for (const { received } of clients) {
      expect(received.some((line) => line.startsWith('UpdateConversation'))).toBe(true);
    }
    await clients[2]?.invoke('TypingStarted', group.id);
    const typing = `UserTyping ${JSON.stringify([group.id, `bob-${size}`])}`;
    await eventually(() =>
      clients.slice(0, 2).every(({ received }) => received.includes(typing)) ? undefined : 'no typing on both',
    );
    expect(clients[2]?.received).not.toContain(typing);
  });

  it('hand a removed member nothing more on either, at once', async () => {
    const group = chat.create('carol', 'dave');
    const carol = [await connect(workerAt(0), 'carol'), await connect(workerAt(1), 'carol')];
    const dave = [await connect(workerAt(0), 'dave'), await connect(workerAt(1), 'dave')];
    await publish(group, group.send());
    await has([...carol, ...dave], [2]);
    // Whoever publishes still takes him for a member: the row's version tells.
    const removal = group.remove('dave');
    const rows = [removal, group.send(), group.send()];
    const publisher = createEventPublisher({ bus });
    for (const row of rows) {
      const payload = { ...toMessageEvent(group, row), recipientIds: ['carol', 'dave'] };
      await publisher.publish({ exchange: exchanges.messageSent, messageUrn: messageUrns.messageSent, payload });
    }
    await has(carol, [2, 3, 4, 5]);
    for (const { numbers } of dave) expect(numbers()).toEqual([2]);
    for (const { received } of dave) expect(received.join()).not.toMatch(/row [345]/);
  });

  it('acknowledge events while Redis is away, and show what was lost when it is back', async () => {
    const group = chat.create('erin', 'frank');
    const clients = [await connect(workerAt(0), 'erin'), await connect(workerAt(1), 'frank')];
    await redis.kill();
    for (const worker of workers) {
      await eventually(async () => ((await partsOf(worker))['backplane']?.ready ? 'Redis seems up' : undefined));
    }
    const lost = (await sum('hub_events_total', 'not_published')) + 20;
    await publish(group, ...Array.from({ length: 20 }, () => group.send()));
    await eventually(async () => {
      const done = await sum('hub_events_total', 'not_published');
      return done === lost ? undefined : `${done} of ${lost}`;
    });
    await has(clients, range(2, 21));
    await redis.restart();
    for (const worker of workers) await consuming(worker);
    await publish(group, group.send());
    await has(clients, range(2, 22));
  });

  it('lose nothing when one of them dies with events in hand', async () => {
    const group = chat.create('grace', 'heidi');
    const client = await connect(workerAt(0), 'grace');
    workerAt(1).service.pause();
    await publish(group, ...Array.from({ length: 300 }, () => group.send()));
    await workerAt(1).service.kill();
    await has([client], range(2, 301));
    await workerAt(1).service.restart();
    await consuming(workerAt(1));
  });

  it('leave nobody online when they die, and call nobody offline while Redis is away', async () => {
    const watcher = await connect(workerAt(0), 'judy');
    await connect(workerAt(1), 'kevin');
    const states = (user: string) =>
      watcher.received.flatMap((line) => {
        const [, args = '[]'] = /^PresenceChanged (.*)$/.exec(line) ?? [];
        return (JSON.parse(args) as { userId: string; state: string }[])
          .filter(({ userId }) => userId === user)
          .map(({ state }) => state);
      });
    const stateOf = async (user: string) =>
      ((await watcher.invoke('WatchPresence', [user])) as { state: string }[])[0]?.state;
    const becomes = (user: string, wanted: string) =>
      eventually(() => (states(user).at(-1) === wanted ? undefined : `${user} is ${states(user).join()}`), {
        timeoutMs: 60_000,
      });
    await eventually(async () => ((await stateOf('kevin')) === 'online' ? undefined : 'kevin is not online'), {
      everyMs: 1_000,
    });
    await workerAt(1).service.kill();
    await becomes('kevin', 'offline');
    await workerAt(1).service.restart();
    await consuming(workerAt(1));

    expect(await stateOf('judy')).toBe('online');
    await redis.kill();
    await becomes('judy', 'unknown');
    await redis.restart();
    await becomes('judy', 'online');
    expect(states('judy')).toEqual(['unknown', 'online']);
    for (const worker of workers) await consuming(worker);
  });

  it('move what they cannot read to the error queue, and serve on', async () => {
    const publisher = createEventPublisher({ bus });
    const parked: string[] = [];
    const consumer = bus.consume({
      queue: 'hub-message-events_error',
      onDelivery: (delivery) => {
        parked.push(delivery.body.toString());
        delivery.ack();
      },
    });
    ends.push(() => consumer.close());
    const [exchange, messageUrn] = [exchanges.messageChanged, messageUrns.messageChanged];
    await publisher.publish({ exchange, messageUrn, payload: { conversationId: 'nonsense' } });
    await eventually(() => (parked.length === 1 ? undefined : 'not parked'));
    const group = chat.create('ivan');
    const client = await connect(workerAt(0), 'ivan');
    await publish(group, group.send());
    await has([client], [2]);
  });
});
