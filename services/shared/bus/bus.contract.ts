import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { receiveTopology, type Topology } from '#shared/masstransit/topology.ts';
import { eventually } from '#test/eventually.ts';
import type { Bus, BusConsumer, BusFeatures, Delivery } from './bus.ts';

/** One kind of bus under test. What a test names is its own; `remove` ends it where the bus outlives the test. */
export type BusHarness = {
  readonly features: BusFeatures;
  make(): Bus;
  remove(topologies: readonly Topology[]): Promise<void>;
};

export function describeBus(open: () => Promise<BusHarness>): void {
  let harness: BusHarness;
  const topologies: Topology[] = [];
  const buses: Bus[] = [];

  beforeAll(async () => {
    harness = await open();
  });
  afterEach(async () => {
    await Promise.all(buses.splice(0).map((bus) => bus.close()));
    await harness.remove(topologies.splice(0));
  });

  function makeBus(): Bus {
    const bus = harness.make();
    buses.push(bus);
    return bus;
  }

  function makeTopology(options: { exchange?: string; deliveryLimit?: number } = {}) {
    const queue = `bus-contract-${crypto.randomUUID()}`;
    const exchange = options.exchange ?? `${queue}:Event`;
    const topology = receiveTopology({ queue, exchanges: [exchange], deliveryLimit: options.deliveryLimit });
    topologies.push(topology);
    return { queue, exchange, topology };
  }

  /** A consumer whose deliveries are looked at one by one. */
  async function collect(
    bus: Bus,
    options: { queue: string; topology?: Topology; prefetch?: number; settle?: boolean },
  ) {
    const { settle = true, ...rest } = options;
    const deliveries: Delivery[] = [];
    const consumer: BusConsumer = bus.consume({
      ...rest,
      onDelivery: (delivery) => {
        deliveries.push(delivery);
        if (settle) delivery.ack();
      },
    });
    await eventually(() => (consumer.state.status === 'consuming' ? undefined : consumer.state.detail));
    const texts = () => deliveries.map(({ body }) => body.toString());
    return { consumer, deliveries, texts, has: (count: number) => hasSeen(texts, count) };
  }

  function hasSeen(texts: () => string[], count: number): Promise<void> {
    return eventually(() => (texts().length >= count ? undefined : `${texts().length} of ${count} deliveries`));
  }

  function publish(bus: Bus, exchange: string, text: string, more: { mandatory?: boolean } = {}): Promise<void> {
    return bus.publish({ exchange, body: Buffer.from(text), properties: { deliveryMode: 2 }, ...more });
  }

  describe('publish', () => {
    it('reaches every bound queue once', async () => {
      const bus = makeBus();
      const first = makeTopology();
      const second = makeTopology({ exchange: first.exchange });
      const [one, two] = [await collect(bus, first), await collect(bus, second)];
      await publish(bus, first.exchange, 'hello');
      await publish(bus, first.exchange, 'again');
      await one.has(2);
      await two.has(2);
      expect(one.texts()).toEqual(['hello', 'again']);
      expect(two.texts()).toEqual(['hello', 'again']);
    });

    it('to an exchange without queue is no error, unless it is mandatory', async () => {
      const bus = makeBus();
      const { topology, exchange } = makeTopology();
      await publish(bus, exchange, 'nobody listens');
      await expect(publish(bus, exchange, 'nobody listens', { mandatory: true })).rejects.toMatchObject({
        code: 'unavailable',
      });
      await bus.declare(topology);
      await publish(bus, exchange, 'somebody listens', { mandatory: true });
    });

    it('waits for no consumer', async () => {
      const bus = makeBus();
      const { queue, topology, exchange } = makeTopology();
      await eventually(async () => void (await bus.declare(topology)));
      await publish(bus, exchange, 'early');
      const { has, texts } = await collect(bus, { queue });
      await has(1);
      expect(texts()).toEqual(['early']);
    });

    it('keeps bytes, properties and headers', async () => {
      const bus = makeBus();
      const target = makeTopology();
      const { deliveries, has } = await collect(bus, target);
      const body = Buffer.from([0, 255, 128, 10]);
      const properties = {
        contentType: 'application/vnd.masstransit+json',
        deliveryMode: 2,
        messageId: 'm1',
        correlationId: 'c1',
        headers: { text: 'a', number: 7, nested: { list: ['x', 1] } },
      };
      await bus.publish({ exchange: target.exchange, routingKey: 'key', body, properties });
      await has(1);
      expect(deliveries[0]?.body.equals(body)).toBe(true);
      expect(deliveries[0]?.properties).toMatchObject(properties);
      expect(deliveries[0]?.routingKey).toBe('key');
      expect(deliveries[0]?.redelivered).toBe(false);
    });

    it('keeps the order of thousands that nobody awaited one by one', async () => {
      const bus = makeBus();
      const target = makeTopology();
      const { has, texts } = await collect(bus, target);
      const expected = Array.from({ length: 5_000 }, (_, index) => String(index));
      await Promise.all(expected.map((text) => publish(bus, target.exchange, text)));
      await has(expected.length);
      expect(texts()).toEqual(expected);
    });

    it('rejects after close, which waits for what is under way', async () => {
      const bus = makeBus();
      const { topology, exchange } = makeTopology();
      await eventually(async () => void (await bus.declare(topology)));
      const underWay = publish(bus, exchange, 'before');
      await Promise.all([bus.close(), expect(underWay).resolves.toBeUndefined()]);
      await expect(publish(bus, exchange, 'after')).rejects.toMatchObject({ code: 'unavailable' });
    });
  });

  describe('consume', () => {
    it('shares a queue among its consumers', async () => {
      const bus = makeBus();
      const target = makeTopology();
      const one = await collect(bus, { ...target, prefetch: 1, settle: false });
      const two = await collect(bus, { ...target, prefetch: 1, settle: false });
      await publish(bus, target.exchange, 'a');
      await publish(bus, target.exchange, 'b');
      await one.has(1);
      await two.has(1);
      expect([...one.texts(), ...two.texts()].sort()).toEqual(['a', 'b']);
    });

    it('has no more in hand than its prefetch', async () => {
      const bus = makeBus();
      const target = makeTopology();
      const { deliveries, has, consumer } = await collect(bus, { ...target, prefetch: 3, settle: false });
      for (const text of ['a', 'b', 'c', 'd', 'e']) await publish(bus, target.exchange, text);
      await has(3);
      deliveries[0]?.ack();
      await has(4);
      await consumer.cancel();
      expect(deliveries).toHaveLength(4);
    });

    it('goes on behind a delivery that takes long', async () => {
      const bus = makeBus();
      const target = makeTopology();
      const seen: string[] = [];
      let slow: Delivery | undefined;
      bus.consume({
        ...target,
        prefetch: 4,
        onDelivery: (delivery) => {
          seen.push(delivery.body.toString());
          if (slow) delivery.ack();
          else slow = delivery;
        },
      });
      const expected = Array.from({ length: 50 }, (_, index) => String(index));
      await eventually(async () => void (await bus.declare(target.topology)));
      for (const text of expected) await publish(bus, target.exchange, text);
      await hasSeen(() => seen, 50);
      expect(seen).toEqual(expected);
      slow?.ack();
    });

    it('delivers again what was given back', async () => {
      const bus = makeBus();
      const target = makeTopology();
      const { deliveries, has } = await collect(bus, { ...target, settle: false });
      await publish(bus, target.exchange, 'a');
      await has(1);
      deliveries[0]?.requeue();
      deliveries[0]?.ack();
      await has(2);
      expect(deliveries[1]?.redelivered).toBe(true);
      expect(deliveries[1]?.body.toString()).toBe('a');
    });

    it('delivers again, in order, what a closed consumer had in hand, and nothing that it settled', async () => {
      const bus = makeBus();
      const target = makeTopology();
      const first = await collect(bus, { ...target, settle: false });
      for (const text of ['a', 'b', 'c', 'd']) await publish(bus, target.exchange, text);
      await first.has(4);
      first.deliveries[0]?.ack();
      first.deliveries[2]?.ack();
      await first.consumer.close();
      expect(first.deliveries[1]?.isLost).toBe(true);
      first.deliveries[1]?.ack();
      const second = await collect(bus, target);
      await second.has(2);
      await publish(bus, target.exchange, 'e');
      await second.has(3);
      expect(second.texts()).toEqual(['b', 'd', 'e']);
      expect(second.deliveries.map(({ redelivered }) => redelivered)).toEqual([true, true, false]);
    });

    it('gets nothing more after cancel, and can still settle', async () => {
      const bus = makeBus();
      const target = makeTopology();
      const first = await collect(bus, { ...target, prefetch: 1, settle: false });
      await publish(bus, target.exchange, 'a');
      await publish(bus, target.exchange, 'b');
      await first.has(1);
      await first.consumer.cancel();
      first.deliveries[0]?.ack();
      await first.consumer.close();
      const second = await collect(bus, target);
      await second.has(1);
      expect(first.texts()).toEqual(['a']);
      expect(second.texts()).toEqual(['b']);
    });

    it('parks a message that its consumers did not survive limit + 1 times', async () => {
      const bus = makeBus();
      const target = makeTopology({ deliveryLimit: 2 });
      const first = await collect(bus, { ...target, settle: false });
      await publish(bus, target.exchange, 'deadly');
      await first.has(1);
      await first.consumer.close();
      for (let survived = 1; survived <= 2; survived += 1) {
        const next = await collect(bus, { queue: target.queue, settle: false });
        await next.has(1);
        await next.consumer.close();
      }
      const parked = await collect(bus, { queue: `${target.queue}_error` });
      await parked.has(1);
      expect(parked.texts()).toEqual(['deadly']);
      await publish(bus, target.exchange, 'harmless');
      const last = await collect(bus, { queue: target.queue });
      await last.has(1);
      expect(last.texts()).toEqual(['harmless']);
    });
  });

  it('keeps messages beyond its own life where it says so', async () => {
    const target = makeTopology();
    const first = makeBus();
    await eventually(async () => void (await first.declare(target.topology)));
    await publish(first, target.exchange, 'kept');
    await first.close();
    const second = makeBus();
    expect(second.features).toEqual(harness.features);
    const { has, texts } = await collect(second, target);
    if (harness.features.persistent) {
      await has(1);
      expect(texts()).toEqual(['kept']);
    } else {
      await publish(second, target.exchange, 'new');
      await has(1);
      expect(texts()).toEqual(['new']);
    }
  });
}
