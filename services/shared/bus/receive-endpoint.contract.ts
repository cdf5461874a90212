import { afterEach, beforeAll, expect, it } from 'vitest';
import { PlatformError } from '#shared/contract/errors.ts';
import { InvalidEventError } from '#shared/contract/user-interaction-event.ts';
import { receiveTopology, type Topology } from '#shared/masstransit/topology.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { eventually } from '#test/eventually.ts';
import type { BusHarness } from './bus.contract.ts';
import type { Bus, Delivery } from './bus.ts';
import { createEventPublisher } from './event-publisher.ts';
import { type ReceivedMessage, type ReceiveEndpoint, startReceiveEndpoint } from './receive-endpoint.ts';

const host = {
  machineName: 'm',
  processName: 'p',
  processId: 42,
  assembly: 'a',
  assemblyVersion: '1',
  frameworkVersion: 'v24',
  massTransitVersion: '8.5.7.0',
  operatingSystemVersion: 'Linux',
};
const hostHeaders = {
  'MT-Host-MachineName': 'm',
  'MT-Host-ProcessName': 'p',
  'MT-Host-ProcessId': '42',
  'MT-Host-Assembly': 'a',
  'MT-Host-AssemblyVersion': '1',
  'MT-Host-FrameworkVersion': 'v24',
  'MT-Host-MassTransitVersion': '8.5.7.0',
  'MT-Host-OperatingSystemVersion': 'Linux',
};

type Handle = (message: ReceivedMessage) => void | Promise<void>;

export function describeReceiveEndpoint(open: () => Promise<BusHarness>): void {
  let harness: BusHarness;
  const topologies: Topology[] = [];
  const buses: Bus[] = [];
  const endpoints: ReceiveEndpoint[] = [];

  beforeAll(async () => {
    harness = await open();
  });
  afterEach(async () => {
    await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.stop()));
    await Promise.all(buses.splice(0).map((bus) => bus.close()));
    await harness.remove(topologies.splice(0));
  });

  async function start(handle: Handle, options: { retries?: number; prefetch?: number } = {}) {
    const bus = harness.make();
    buses.push(bus);
    const queue = `endpoint-contract-${crypto.randomUUID()}`;
    const exchange = `${queue}:Event`;
    const messageUrn = `urn:message:${exchange}`;
    topologies.push(receiveTopology({ queue, exchanges: [exchange] }));
    const metrics = createMetrics('test');
    const open = () => {
      const endpoint = startReceiveEndpoint({
        bus,
        queue,
        consumers: [{ exchange, messageUrn, name: 'TestConsumer', handle }],
        prefetch: options.prefetch ?? 200,
        retry: { retries: options.retries ?? 2, backoff: { baseMs: 1, capMs: 10 } },
        outageBackoff: { baseMs: 5, capMs: 20 },
        drainTimeoutMs: 10_000,
        host,
        log: createLogger({ name: 'test', level: 'silent' }),
        metrics,
      });
      endpoints.push(endpoint);
      return endpoint;
    };
    const endpoint = open();
    await eventually(() => (endpoint.state.status === 'consuming' ? undefined : endpoint.state.detail));
    const publisher = createEventPublisher({ bus, host });
    return {
      bus,
      queue,
      exchange,
      messageUrn,
      endpoint,
      restart: open,
      publish: (payload: object) => publisher.publish({ exchange, messageUrn, payload }),
      send: (body: string | Buffer, properties = {}) =>
        bus.publish({ exchange, body: Buffer.from(body as string), properties }),
      parked: (kind: 'error' | 'skipped') => collectParked(bus, `${queue}_${kind}`),
      async counted(name: string) {
        const metric = await metrics.registry.getSingleMetric(name)?.get();
        const values = metric?.values ?? [];
        return Object.fromEntries(values.map(({ labels, value }) => [labels['outcome'] ?? labels['queue'], value]));
      },
    };
  }

  function collectParked(bus: Bus, queue: string): Delivery[] {
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

  function hasLength(list: readonly unknown[], length: number): Promise<void> {
    return eventually(() => (list.length >= length ? undefined : `${list.length} of ${length}`));
  }

  /** Handlers that keep what they got. */
  function recorder() {
    const seen: ReceivedMessage[] = [];
    return { seen, handle: (message: ReceivedMessage) => void seen.push(message) };
  }

  it('hands events to their consumer, with their ids and headers', async () => {
    const { seen, handle } = recorder();
    const { publish, counted, bus, queue } = await start(handle);
    await publish({ hello: 1 });
    await hasLength(seen, 1);
    expect(seen[0]?.payload).toEqual({ hello: 1 });
    expect(seen[0]?.messageId).toMatch(/^[0-9a-f-]{36}$/);
    expect(seen[0]?.envelope.destinationAddress).toBe(`${bus.address}/${queue}:Event`);
    await eventually(async () => ((await counted('bus_messages_total'))['handled'] === 1 ? undefined : 'not counted'));
  });

  it.each([
    ['in other letter case', (urn: string) => [urn.toUpperCase()]],
    ['as second type', (urn: string) => ['urn:message:Other:Type', 5, urn]],
  ])('knows its event %s', async (_what, types) => {
    const { seen, handle } = recorder();
    const { send, messageUrn } = await start(handle);
    await send(JSON.stringify({ messageType: types(messageUrn), message: { a: 1 } }));
    await hasLength(seen, 1);
    expect(seen[0]?.payload).toEqual({ a: 1 });
  });

  it('takes a bare message for its event', async () => {
    const { seen, handle } = recorder();
    const { send } = await start(handle);
    await send('{"a":1}', { contentType: 'application/json' });
    await hasLength(seen, 1);
    expect(seen[0]?.payload).toEqual({ a: 1 });
  });

  it('counts messages whose id it had to make', async () => {
    const { seen, handle } = recorder();
    const ids: string[] = [];
    const { send, messageUrn, counted, queue } = await start((message) => {
      ids.push(message.messageId);
      handle(message);
    });
    await send(JSON.stringify({ messageType: [messageUrn], message: {} }));
    await send(JSON.stringify({ messageType: [messageUrn], message: {} }), { messageId: 'from-amqp' });
    await hasLength(seen, 2);
    expect(ids[1]).toBe('from-amqp');
    await eventually(async () =>
      (await counted('bus_messages_without_id_total'))[queue] === 1 ? undefined : 'not counted',
    );
  });

  it('moves a type that nobody consumes to the skipped queue, untouched, with MassTransit’s headers', async () => {
    const { send, parked } = await start(() => undefined);
    const skipped = parked('skipped');
    const body = '{ "messageType": ["urn:message:Other:Type"], "message": {} }';
    await send(body, { messageId: 'm1', headers: { tenant: 'a' } });
    await hasLength(skipped, 1);
    expect(skipped[0]?.body.toString()).toBe(body);
    expect(skipped[0]?.properties.messageId).toBe('m1');
    expect(skipped[0]?.properties.headers).toEqual({ tenant: 'a', ...hostHeaders, 'MT-Reason': 'dead-letter' });
  });

  it('moves what keeps failing to the error queue, untouched, with MassTransit’s headers and without expiration', async () => {
    let attempts = 0;
    const { send, parked, messageUrn, queue, bus } = await start(() => {
      attempts += 1;
      throw new RangeError('too far', { cause: new TypeError('base') });
    });
    const failed = parked('error');
    const body = JSON.stringify({ messageType: [messageUrn], message: {} });
    await send(body, { contentType: 'application/vnd.masstransit+json', messageId: 'm1', expiration: '60000' });
    await hasLength(failed, 1);
    expect(attempts).toBe(3);
    const [delivery] = failed;
    expect(delivery?.body.toString()).toBe(body);
    expect(delivery?.properties).toMatchObject({
      contentType: 'application/vnd.masstransit+json',
      messageId: 'm1',
    });
    expect(delivery?.properties.expiration).toBeUndefined();
    const { 'MT-Fault-RetryCount': retries, ...headers } = delivery?.properties.headers ?? {};
    // A typed value until it crosses a wire.
    expect([2, { '!': 'int32', value: 2 }]).toContainEqual(retries);
    expect(headers).toEqual({
      ...hostHeaders,
      'MT-Reason': 'fault',
      'MT-Fault-ExceptionType': 'TypeError',
      'MT-Fault-InputAddress': `${bus.address}/${queue}`,
      'MT-Fault-Message': 'base',
      'MT-Fault-Timestamp': expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/),
      'MT-Fault-StackTrace': expect.stringContaining('TypeError: base'),
      'MT-Fault-ConsumerType': 'TestConsumer',
      'MT-Fault-MessageType': `${queue}.Event`,
    });
  });

  it.each([
    ['binary garbage', Buffer.from([0, 159, 146, 150, 255])],
    ['nothing', Buffer.alloc(0)],
    ['10,000-deep JSON', `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
    ['5 MB', `{"messageType":["x"],"message":{"a":"${'x'.repeat(5_000_000)}"}}`],
  ])('moves %s to the error queue, and handles its neighbour', async (_what, body) => {
    const { seen, handle } = recorder();
    const { send, publish, parked } = await start(handle);
    const failed = parked('error');
    await send(body);
    await publish({ neighbour: 1 });
    await hasLength(failed, 1);
    await hasLength(seen, 1);
    expect(failed[0]?.body.equals(Buffer.from(body as string))).toBe(true);
    const headers = failed[0]?.properties.headers ?? {};
    expect(headers['MT-Reason']).toBe('fault');
    expect(headers['MT-Fault-ExceptionType']).toBe('InvalidMessageError');
    expect(headers['MT-Fault-Message']).toMatch(/^body/);
    expect(Object.keys(headers)).not.toContain('MT-Fault-ConsumerType');
    expect(Object.keys(headers)).not.toContain('MT-Fault-RetryCount');
  });

  it('moves an event that its consumer cannot read to the error queue without another attempt', async () => {
    let attempts = 0;
    const { publish, parked } = await start(async () => {
      attempts += 1;
      throw new InvalidEventError('actionType must be one of …');
    });
    const failed = parked('error');
    await publish({ actionType: 99 });
    await hasLength(failed, 1);
    expect(attempts).toBe(1);
    expect(failed[0]?.properties.headers).toMatchObject({ 'MT-Fault-ExceptionType': 'InvalidEventError' });
  });

  it('moves an envelope without message to the error queue', async () => {
    const { send, messageUrn, parked } = await start((message) => void message.payload);
    const failed = parked('error');
    await send(JSON.stringify({ messageType: [messageUrn], message: null }));
    await hasLength(failed, 1);
    expect(failed[0]?.properties.headers).toMatchObject({ 'MT-Fault-Message': 'message must be an object' });
  });

  it('handles a message at its second attempt', async () => {
    let attempts = 0;
    const { publish, parked, counted } = await start(async () => {
      attempts += 1;
      if (attempts === 1) throw new Error('once');
    });
    const failed = parked('error');
    await publish({});
    await eventually(async () => ((await counted('bus_messages_total'))['handled'] === 1 ? undefined : 'not handled'));
    expect(failed).toHaveLength(0);
  });

  it('handles 999 of 1,000 around a poisoned one, in order', async () => {
    const seen: number[] = [];
    const { publish, parked, counted } = await start(async ({ payload }) => {
      const { n } = payload as { n: number };
      if (n === 300) throw new Error('poison');
      seen.push(n);
    });
    const failed = parked('error');
    await Promise.all(Array.from({ length: 1_000 }, (_, n) => publish({ n })));
    await hasLength(seen, 999);
    await hasLength(failed, 1);
    expect(seen).toEqual(Array.from({ length: 1_000 }, (_, n) => n).filter((n) => n !== 300));
    await eventually(async () => {
      const { handled, error } = await counted('bus_messages_total');
      return handled === 999 && error === 1 ? undefined : `${handled} handled, ${error} failed`;
    });
  });

  it('starts handlers in order of delivery, many at a time', async () => {
    const started: number[] = [];
    const finish: (() => void)[] = [];
    const { publish } = await start(
      ({ payload }) =>
        new Promise<void>((resolve) => {
          started.push((payload as { n: number }).n);
          finish.push(resolve);
        }),
    );
    await Promise.all(Array.from({ length: 50 }, (_, n) => publish({ n })));
    await hasLength(started, 50);
    expect(started).toEqual(Array.from({ length: 50 }, (_, n) => n));
    for (const resolve of finish) resolve();
  });

  it('pauses while a store is away, keeps no more than its prefetch, and resumes by itself in order', async () => {
    let isAway = true;
    let asked = 0;
    const seen: number[] = [];
    const { publish, endpoint, parked, counted, queue } = await start(
      async ({ payload }) => {
        asked += 1;
        if (isAway) throw new PlatformError('unavailable', 'the store is away');
        seen.push((payload as { n: number }).n);
      },
      { prefetch: 5, retries: 0 },
    );
    const failed = parked('error');
    await Promise.all(Array.from({ length: 20 }, (_, n) => publish({ n })));
    await eventually(() => (endpoint.state.status === 'paused' ? undefined : endpoint.state.status));
    expect(await counted('bus_endpoint_paused')).toEqual({ [queue]: 1 });
    await eventually(() => (asked >= 12 ? undefined : `asked ${asked} times`));
    expect(seen).toEqual([]);
    isAway = false;
    await hasLength(seen, 20);
    expect(seen).toEqual(Array.from({ length: 20 }, (_, n) => n));
    expect(endpoint.state.status).toBe('consuming');
    expect(await counted('bus_endpoint_paused')).toEqual({ [queue]: 0 });
    expect(failed).toHaveLength(0);
  });

  it('asks a store that is away with one message at a time', async () => {
    let isAway = true;
    const asking = new Set<number>();
    let mostAtOnce = 0;
    let questions = 0;
    const { publish, endpoint, counted } = await start(async ({ payload }) => {
      if (!isAway) return;
      const { n } = payload as { n: number };
      if (endpoint.state.status === 'paused') {
        asking.add(n);
        questions += 1;
        mostAtOnce = Math.max(mostAtOnce, asking.size);
      }
      await new Promise(setImmediate);
      asking.delete(n);
      throw new PlatformError('unavailable', 'the store is away');
    });
    await Promise.all(Array.from({ length: 20 }, (_, n) => publish({ n })));
    await eventually(() => (questions >= 5 ? undefined : `${questions} questions`));
    expect(mostAtOnce).toBe(1);
    isAway = false;
    await eventually(async () => ((await counted('bus_messages_total'))['handled'] === 20 ? undefined : 'not handled'));
  });

  it('stops only after the handler under way, which is not delivered again', async () => {
    let finish: (() => void) | undefined;
    const seen: unknown[] = [];
    const { publish, endpoint, restart } = await start(({ payload }) => {
      seen.push(payload);
      if (seen.length > 1) return;
      return new Promise<void>((resolve) => {
        finish = resolve;
      });
    });
    await publish({ n: 1 });
    await hasLength(seen, 1);
    let isStopped = false;
    const stopped = endpoint.stop().then(() => {
      isStopped = true;
    });
    await publish({ n: 2 });
    expect(isStopped).toBe(false);
    finish?.();
    await stopped;
    expect(endpoint.state.status).toBe('stopped');
    expect(seen).toHaveLength(1);
    restart();
    await hasLength(seen, 2);
    expect(seen).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it('gives back what waits for another attempt or for a store when it stops', async () => {
    const seen: number[] = [];
    let isBroken = true;
    const { publish, endpoint, restart } = await start(
      async ({ payload }) => {
        const { n } = payload as { n: number };
        if (isBroken) throw new PlatformError('unavailable', 'the store is away');
        seen.push(n);
      },
      { prefetch: 5 },
    );
    await Promise.all(Array.from({ length: 10 }, (_, n) => publish({ n })));
    await eventually(() => (endpoint.state.status === 'paused' ? undefined : endpoint.state.status));
    await endpoint.stop();
    isBroken = false;
    restart();
    await hasLength(seen, 10);
    expect(seen).toEqual(Array.from({ length: 10 }, (_, n) => n));
  });

  it('passes conversation and trace on to what follows', async () => {
    const { seen, handle } = recorder();
    const { bus, queue, exchange, messageUrn } = await start(handle);
    const publisher = createEventPublisher({ bus, host });
    const conversationId = crypto.randomUUID();
    const trace = { 'MT-Activity-Id': '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
    await publisher.publish({ exchange, messageUrn, payload: {}, conversationId, headers: { tenant: 'a' }, trace });
    await hasLength(seen, 1);
    const [message] = seen as [ReceivedMessage];
    await publisher.publish({ exchange, messageUrn, payload: {}, cause: { message, queue } });
    await hasLength(seen, 2);
    expect(seen[1]?.envelope).toMatchObject({ conversationId, sourceAddress: `${bus.address}/${queue}` });
    expect(seen[1]?.headers).toEqual({ tenant: 'a' });
    expect(seen[1]?.transportHeaders).toEqual({ tenant: 'a', ...trace });
  });

  it('waits no longer than its time for a handler that never ends', async () => {
    const { seen, handle } = recorder();
    const bus = harness.make();
    buses.push(bus);
    const queue = `endpoint-contract-${crypto.randomUUID()}`;
    const exchange = `${queue}:Event`;
    const messageUrn = `urn:message:${exchange}`;
    topologies.push(receiveTopology({ queue, exchanges: [exchange] }));
    const options = {
      bus,
      queue,
      log: createLogger({ name: 'test', level: 'silent' }),
      metrics: createMetrics('test'),
    };
    const stuck = startReceiveEndpoint({
      ...options,
      drainTimeoutMs: 50,
      consumers: [
        {
          exchange,
          messageUrn,
          handle(message) {
            seen.push(message);
            return new Promise(() => undefined);
          },
        },
      ],
    });
    await eventually(() => (stuck.state.status === 'consuming' ? undefined : stuck.state.detail));
    await createEventPublisher({ bus, host }).publish({ exchange, messageUrn, payload: { n: 1 } });
    await hasLength(seen, 1);
    await stuck.stop();
    const next = startReceiveEndpoint({ ...options, consumers: [{ exchange, messageUrn, handle }] });
    endpoints.push(next);
    await hasLength(seen, 2);
    expect(seen[1]?.messageId).toBe(seen[0]?.messageId);
  });
}
