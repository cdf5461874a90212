import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { connect } from 'amqplib';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { receiveTopology } from '#shared/masstransit/topology.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { type RabbitMq, startRabbitMq } from '#test/dev-env/rabbitmq.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { connectAmqpBus } from './amqp-bus.ts';
import type { Bus, Delivery } from './bus.ts';
import { createEventPublisher } from './event-publisher.ts';
import { type ReceivedMessage, type ReceiveEndpoint, startReceiveEndpoint } from './receive-endpoint.ts';

describeWithServer('rabbitmq', 'AMQP bus over faults', () => {
  let server: RabbitMq;
  let logged = '';
  const destination = new Writable({
    write(chunk, _encoding, done) {
      logged += String(chunk);
      done();
    },
  });
  const log = createLogger({ name: 'test', level: 'trace', destination });
  const buses: Bus[] = [];
  const endpoints: ReceiveEndpoint[] = [];

  beforeAll(async () => {
    server = await startRabbitMq();
  });
  afterEach(async () => {
    await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.stop()));
    await Promise.all(buses.splice(0).map((bus) => bus.close()));
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  function makeBus(options: { publishTimeoutMs?: number; url?: string } = {}): Bus {
    const bus = connectAmqpBus({ url: server.url, log, backoff: { baseMs: 20, capMs: 200 }, ...options });
    buses.push(bus);
    return bus;
  }

  function names() {
    const queue = `faults-${crypto.randomUUID()}`;
    const exchange = `${queue}:Event`;
    return { queue, exchange, messageUrn: `urn:message:${exchange}` };
  }

  type Handle = (message: ReceivedMessage) => void | Promise<void>;

  function startEndpoint(bus: Bus, { queue, exchange, messageUrn }: ReturnType<typeof names>, handle: Handle) {
    const endpoint = startReceiveEndpoint({
      bus,
      queue,
      consumers: [{ exchange, messageUrn, handle }],
      retry: { retries: 1, backoff: { baseMs: 1, capMs: 20 } },
      log,
      metrics: createMetrics('test'),
    });
    endpoints.push(endpoint);
    return endpoint;
  }

  function isConsuming(endpoint: ReceiveEndpoint): Promise<void> {
    return eventually(() => (endpoint.state.status === 'consuming' ? undefined : endpoint.state.detail), {
      timeoutMs: 40_000,
    });
  }

  function collect(bus: Bus, queue: string): Delivery[] {
    const deliveries: Delivery[] = [];
    bus.consume({
      queue,
      onDelivery: (delivery) => {
        deliveries.push(delivery);
        delivery.ack();
      },
    });
    return deliveries;
  }

  it('loses nothing confirmed when the broker is killed during traffic, and heals', async () => {
    const target = names();
    const seen = new Set<number>();
    const endpoint = startEndpoint(makeBus(), target, async ({ payload }) => {
      await new Promise(setImmediate);
      seen.add((payload as { n: number }).n);
    });
    await isConsuming(endpoint);
    const declaredAt = Date.now();
    const publisher = createEventPublisher({ bus: makeBus({ publishTimeoutMs: 60_000 }) });
    const confirmed = new Set<number>();
    const failures: unknown[] = [];
    const underWay = new Set<Promise<void>>();
    let count = 0;
    const publish = () => {
      const n = count;
      count += 1;
      const { exchange, messageUrn } = target;
      const publishing = publisher.publish({ exchange, messageUrn, payload: { n } }).then(
        () => void confirmed.add(n),
        (error) => void failures.push(error),
      );
      underWay.add(publishing);
      void publishing.then(() => underWay.delete(publishing));
    };
    let isTraffic = true;
    const traffic = (async () => {
      while (isTraffic) {
        if (underWay.size < 1_000) for (let burst = 0; burst < 20; burst += 1) publish();
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
    })();
    // A quorum queue younger than a second does not survive the kill of a single node.
    await eventually(() =>
      Date.now() - declaredAt > 2_000 && confirmed.size > 500 ? undefined : `${confirmed.size} confirmed`,
    );
    await server.kill();
    await eventually(() => (endpoint.state.status === 'starting' ? undefined : endpoint.state.status));
    expect(endpoint.state.detail).toContain('no connection to the broker');
    const confirmedBefore = confirmed.size;
    await server.restart();
    await isConsuming(endpoint);
    await eventually(() => (confirmed.size > confirmedBefore + 500 ? undefined : `${confirmed.size} confirmed`));
    isTraffic = false;
    await traffic;
    await Promise.all(underWay);
    expect(failures).toEqual([]);
    expect(confirmed.size).toBe(count);
    await eventually(() => {
      const missing = [...confirmed].filter((n) => !seen.has(n));
      return missing.length === 0 ? undefined : `${missing.length} of ${count} missing, first ${missing[0]}`;
    });
  });

  it('starts without its broker, and rejects a publish that waits too long', async () => {
    const target = names();
    await server.kill();
    const bus = makeBus({ publishTimeoutMs: 300 });
    const seen: unknown[] = [];
    const endpoint = startEndpoint(bus, target, ({ payload }) => void seen.push(payload));
    const publish = () => createEventPublisher({ bus }).publish({ ...target, payload: { a: 1 } });
    await expect(publish()).rejects.toMatchObject({ code: 'unavailable' });
    expect(bus.state.connected).toBe(false);
    expect(endpoint.state.status).toBe('starting');
    await server.restart();
    await isConsuming(endpoint);
    await publish();
    await eventually(() => (seen.length > 0 ? undefined : 'nothing arrived'));
    expect(bus.state).toEqual({ connected: true, detail: 'connected' });
  });

  it('comes back when the broker closes its connections, and sends again what was not confirmed', async () => {
    const target = names();
    const seen = new Set<number>();
    const bus = makeBus();
    const endpoint = startEndpoint(bus, target, ({ payload }) => void seen.add((payload as { n: number }).n));
    await isConsuming(endpoint);
    const publisher = createEventPublisher({ bus });
    const publish = (n: number) => publisher.publish({ ...target, payload: { n } });
    await publish(0);
    const before = logged.length;
    let isClosed = false;
    const closing = server.ctl('close_all_connections', 'by the test').then(() => {
      isClosed = true;
    });
    const publishes: Promise<void>[] = [];
    while (!isClosed) {
      publishes.push(publish(publishes.length + 1));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await closing;
    expect(logged.slice(before)).toContain('CONNECTION_FORCED');
    await Promise.all(publishes);
    await eventually(() =>
      seen.size === publishes.length + 1 ? undefined : `${seen.size} of ${publishes.length + 1}`,
    );
  });

  it('waits for a broker that is frozen', async () => {
    const { exchange } = names();
    const bus = makeBus();
    const message = { exchange, body: Buffer.from('{}'), properties: {} };
    await bus.publish(message);
    server.stopProcess();
    let isConfirmed = false;
    const publishing = bus.publish(message).then(() => {
      isConfirmed = true;
    });
    await new Promise(setImmediate);
    expect(isConfirmed).toBe(false);
    server.cont();
    await publishing;
  });

  it('sends again what the broker refuses for now', async () => {
    const { queue, exchange } = names();
    const connection = await connect(server.url);
    const channel = await connection.createChannel();
    await channel.assertExchange(exchange, 'fanout', { durable: true });
    await channel.assertQueue(queue, { durable: true, maxLength: 1, arguments: { 'x-overflow': 'reject-publish' } });
    await channel.bindQueue(queue, exchange, '');
    const bus = makeBus();
    const texts = ['a', 'b', 'c', 'd', 'e'];
    let confirmed = 0;
    const publishes = texts.map(async (text) => {
      await bus.publish({ exchange, body: Buffer.from(text), properties: {} });
      confirmed += 1;
    });
    await eventually(() => (logged.includes('broker refuses messages') ? undefined : 'nothing refused'));
    expect(confirmed).toBeLessThan(texts.length);
    const seen = new Set<string>();
    await channel.consume(queue, (message) => void seen.add(String(message?.content)), { noAck: true });
    await Promise.all(publishes);
    await eventually(() => (seen.size === texts.length ? undefined : `${seen.size} seen`));
    await connection.close();
  });

  it('parks a message that kills its consumer’s process limit + 1 times', async () => {
    const target = names();
    const bus = makeBus();
    const topology = receiveTopology({ queue: target.queue, exchanges: [target.exchange], deliveryLimit: 2 });
    await eventually(async () => void (await bus.declare(topology)));
    await createEventPublisher({ bus }).publish({ ...target, payload: { deadly: 1 } });
    const parked = collect(bus, `${target.queue}_error`);
    for (let kill = 1; kill <= 3; kill += 1) {
      expect(parked).toHaveLength(0);
      expect(await consumeToDeath(target)).toBe('SIGKILL');
    }
    await eventually(() => (parked.length === 1 ? undefined : 'not parked'));
    expect(JSON.parse(String(parked[0]?.body)).message).toEqual({ deadly: 1 });
  });

  /** A process of its own that dies of the first message; resolves with the signal. */
  async function consumeToDeath({ queue, exchange, messageUrn }: ReturnType<typeof names>): Promise<unknown> {
    const script = `
      import { connectAmqpBus } from '#shared/bus/amqp-bus.ts';
      import { startReceiveEndpoint } from '#shared/bus/receive-endpoint.ts';
      import { createLogger } from '#shared/runtime/log.ts';
      import { createMetrics } from '#shared/runtime/metrics.ts';
      const log = createLogger({ name: 'child', level: 'silent' });
      const bus = connectAmqpBus({ url: ${JSON.stringify(server.url)}, log });
      const handle = () => process.kill(process.pid, 'SIGKILL');
      const consumers = [{ exchange: '${exchange}', messageUrn: '${messageUrn}', handle }];
      startReceiveEndpoint({ bus, queue: '${queue}', consumers, deliveryLimit: 2, log, metrics: createMetrics('child') });
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const timer = setTimeout(() => child.kill('SIGTERM'), 30_000);
    const [, signal] = await once(child, 'exit');
    clearTimeout(timer);
    return signal;
  }

  it('says clearly that a queue exists with other arguments, tries seldom, and heals when it is gone', async () => {
    const target = names();
    const connection = await connect(server.url);
    const channel = await connection.createChannel();
    await channel.assertQueue(target.queue, { durable: true });
    const before = logged.length;
    const endpoint = startEndpoint(makeBus(), target, () => undefined);
    await eventually(() => (endpoint.state.status === 'refused' ? undefined : endpoint.state.status));
    expect(endpoint.state.detail).toContain('PRECONDITION_FAILED');
    expect(endpoint.state.detail).toContain(target.queue);
    await channel.deleteQueue(target.queue);
    await isConsuming(endpoint);
    expect(logged.slice(before).match(/consumer failed/g)?.length).toBeLessThanOrEqual(2);
    await connection.close();
  });

  it('says clearly that an exchange exists as another kind', async () => {
    const { exchange } = names();
    const connection = await connect(server.url);
    const channel = await connection.createChannel();
    await channel.assertExchange(exchange, 'direct', { durable: true });
    const bus = makeBus();
    const refused = bus.publish({ exchange, body: Buffer.from('{}'), properties: {} });
    await expect(refused).rejects.toMatchObject({
      code: 'internal',
      message: expect.stringContaining('PRECONDITION_FAILED'),
    });
    await bus.publish({ exchange: `${exchange}2`, body: Buffer.from('{}'), properties: {} });
    await connection.close();
  });

  it('declares its queue again when somebody deletes it, and its exchange too', async () => {
    const target = names();
    const bus = makeBus();
    const seen: unknown[] = [];
    const endpoint = startEndpoint(bus, target, ({ payload }) => void seen.push(payload));
    await isConsuming(endpoint);
    const publish = () => createEventPublisher({ bus }).publish({ ...target, payload: {} });
    await publish();
    await eventually(() => (seen.length === 1 ? undefined : 'not seen'));
    const connection = await connect(server.url);
    const channel = await connection.createChannel();
    await channel.deleteExchange(target.exchange);
    await channel.deleteQueue(target.queue);
    await connection.close();
    await eventually(async () => {
      await publish();
      return seen.length > 1 ? undefined : 'not healed';
    });
  });

  it('gives back what it cannot move, makes the error queue again and moves it then', async () => {
    const target = names();
    const bus = makeBus();
    let attempts = 0;
    const endpoint = startEndpoint(bus, target, () => {
      attempts += 1;
      throw new Error('poison');
    });
    await isConsuming(endpoint);
    const connection = await connect(server.url);
    const channel = await connection.createChannel();
    await channel.deleteQueue(`${target.queue}_error`);
    await createEventPublisher({ bus }).publish({ ...target, payload: {} });
    await eventually(() => (attempts > 2 ? undefined : `${attempts} attempts`));
    const parked = collect(bus, `${target.queue}_error`);
    await eventually(() => (parked.length === 1 ? undefined : 'not parked'));
    await connection.close();
  });

  it('moves a message whose user id and headers are its publisher’s own', async () => {
    const target = names();
    const bus = makeBus();
    const endpoint = startEndpoint(bus, target, () => undefined);
    await isConsuming(endpoint);
    const parked = collect(bus, `${target.queue}_error`);
    await server.ctl('add_user', target.queue, 'secret');
    await server.ctl('set_permissions', target.queue, '.*', '.*', '.*');
    const url = new URL(server.url);
    url.username = target.queue;
    url.password = 'secret';
    const connection = await connect(url.href);
    const channel = await connection.createConfirmChannel();
    const headers = { when: { '!': 'timestamp', value: 1_700_000_000 }, bytes: Buffer.from([1, 2]), big: 2 ** 40 };
    channel.publish(target.exchange, '', Buffer.from('garbage'), { userId: target.queue, headers });
    await channel.waitForConfirms();
    await eventually(() => (parked.length === 1 ? undefined : 'not parked'));
    expect(parked[0]?.properties.headers).toMatchObject(headers);
    await connection.close();
  });

  it('never logs the credentials of its URL', async () => {
    const url = new URL(server.url);
    url.username = 'nobody';
    url.password = 'hunter2';
    const bus = makeBus({ url: url.href, publishTimeoutMs: 200 });
    const error = await bus.publish({ exchange: 'A:B', body: Buffer.from('{}'), properties: {} }).catch((e) => e);
    expect(bus.state.detail).toContain('ACCESS_REFUSED');
    expect(error).toMatchObject({ code: 'unavailable' });
    expect(logged).toContain('ACCESS_REFUSED');
    for (const text of [logged, String(error.stack), bus.state.detail, bus.address]) {
      expect(text).not.toContain('hunter2');
      expect(text).not.toContain('guest');
    }
  });
});
