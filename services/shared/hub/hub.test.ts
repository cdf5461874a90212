import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ScriptedBackplane } from '#shared/backplane/scripted-backplane.ts';
import { parseCursor } from '#shared/contract/cursor.ts';
import { streamChannel } from '#shared/contract/names.ts';
import { encodePushFrame, type PushFrame } from '#shared/contract/push-frame.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { createMetrics } from '#shared/runtime/metrics.ts';
import { SimulatedStream } from '#shared/stream/position-simulator.ts';
import { SimulatedSource } from '#shared/stream/simulated-source.ts';
import { eventually } from '#test/eventually.ts';
import { FakeClock } from '#test/fake-clock.ts';
import { Hub } from './hub.ts';
import { defaultHubLimits, type HubLimits } from './hub-limits.ts';
import { ScriptedConnection, ScriptedProtocol } from './scripted-connection.ts';

const log = createLogger({ name: 'test', level: 'silent' });

function startHub(limits: Partial<HubLimits> = {}) {
  const clock = new FakeClock();
  const source = new SimulatedSource();
  const stream = source.add(new SimulatedStream());
  const backplane = new ScriptedBackplane();
  const metrics = createMetrics('test');
  const hub = new Hub({ source, backplane, clock, log, metrics, limits: { ...defaultHubLimits, ...limits } });
  const channel = streamChannel(stream.stream);
  return {
    hub,
    clock,
    source,
    stream,
    backplane,
    metrics,
    publish: (...frames: PushFrame[]) => {
      for (const frame of frames) backplane.deliver(channel, encodePushFrame(frame));
    },
    join: (connection = new ScriptedConnection('alice'), { closeAtExpiry = false } = {}) => {
      const membership = hub.join(connection, { streams: [stream.stream], closeAtExpiry });
      connection.onClose = () => queueMicrotask(() => membership.leave());
      return { connection, membership, received: () => numbers(connection) };
    },
    /** Joins as the sockets do: the place is taken before the client is accepted. */
    async accept(connection?: ScriptedConnection) {
      await hub.prepare([stream.stream]);
      return this.join(connection);
    },
    count: async (name: string) => {
      const text = await metrics.registry.getSingleMetricAsString(name);
      return [...text.matchAll(/^\w+(?:\{[^}]*\})? (\d+)$/gm)].reduce((sum, [, value]) => sum + Number(value), 0);
    },
  };
}

/** Numbers of the rows that came as ReceiveNotification, in order. */
function numbers(connection: ScriptedConnection): number[] {
  return connection.received
    .filter((message) => message.startsWith('ReceiveNotification '))
    .map((message) => Number(/row (\d+)/.exec(message)?.[1]));
}

/** Lets the hub's timers fire, also those that are set meanwhile, until it is as wanted. */
async function settle(clock: FakeClock, isWanted: () => boolean, what: string): Promise<void> {
  await eventually(
    () => {
      if (isWanted()) return undefined;
      clock.advance(50);
      return what;
    },
    { everyMs: 2 },
  );
}

const until = (isWanted: () => boolean, what: string) =>
  eventually(() => (isWanted() ? undefined : what), { everyMs: 2 });

describe('hub: order and once', () => {
  it('delivers contiguous frames in order, coalesced into one write per tick', async () => {
    const world = startHub();
    const { connection, received } = await world.accept();
    world.publish(world.stream.create(), world.stream.create(), world.stream.create());
    await until(() => received().length === 3, 'three rows');
    expect(received()).toEqual([1, 2, 3]);
    expect(connection.writes).toHaveLength(1);
  });

  it('delivers a frame that comes twice once', async () => {
    const world = startHub();
    const { received } = await world.accept();
    const frames = [world.stream.create(), world.stream.create()];
    world.publish(...frames, ...frames);
    await until(() => received().length >= 2, 'two rows');
    expect(received()).toEqual([1, 2]);
    expect(await world.count('hub_frames_total')).toBe(4);
  });

  it('reorders frames without asking the service', async () => {
    const world = startHub();
    const { received } = await world.accept();
    const [first, second] = [world.stream.create(), world.stream.create()];
    world.publish(second, first);
    await until(() => received().length === 2, 'two rows');
    world.clock.advance(1_000);
    expect(received()).toEqual([1, 2]);
    expect(world.source.changeReads).toBe(0);
  });

  it('repairs a lost frame from the service, once for all members', async () => {
    const world = startHub();
    const members = [await world.accept(), await world.accept(), await world.accept()];
    world.stream.create();
    world.publish(world.stream.create());
    await settle(world.clock, () => members.every(({ received }) => received().length === 2), 'two rows each');
    for (const { received } of members) expect(received()).toEqual([1, 2]);
    expect(world.source.changeReads).toBe(1);
  });

  it('notices a lost last frame by comparing heads', async () => {
    const world = startHub();
    const { received } = await world.accept();
    world.stream.create();
    await settle(world.clock, () => received().length === 1, 'the lost row');
    expect(received()).toEqual([1]);
  });

  it('keeps trying while the service is down, and serves all it missed after', async () => {
    const world = startHub();
    const { received } = await world.accept();
    world.source.down = true;
    world.source.pageRows = 2;
    for (let count = 0; count < 5; count += 1) world.stream.create();
    world.publish(world.stream.create());
    await settle(world.clock, () => world.hub.sourceFailing, 'a failing read');
    expect(received()).toEqual([]);
    world.source.down = false;
    await settle(world.clock, () => received().length === 6, 'six rows');
    expect(received()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(world.hub.sourceFailing).toBe(false);
  });

  it('repairs behind a frame of a version that it does not know', async () => {
    const world = startHub();
    const { received } = await world.accept();
    const bytes = encodePushFrame(world.stream.create());
    bytes[0] = 99;
    world.backplane.deliver(streamChannel(world.stream.stream), bytes);
    await settle(world.clock, () => received().length === 1, 'the row');
  });

  it('ignores a frame that claims another stream than its channel', async () => {
    const world = startHub();
    const { received } = await world.accept();
    world.publish({ ...new SimulatedStream('epoch', 'bob').create(), seq: 1 });
    world.publish(world.stream.create());
    await until(() => received().length === 1, 'the own row');
    expect(world.backplane.channels).toEqual([streamChannel(world.stream.stream)]);
  });

  it('shows every row once and in order, whatever the backplane does', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ act: fc.nat(5), pick: fc.nat(20) }), { minLength: 1, maxLength: 40 }),
        async (steps) => {
          const world = startHub();
          const { received } = await world.accept();
          const network: PushFrame[] = [];
          for (const { act, pick } of steps) {
            const index = pick % (network.length || 1);
            const frame = network[index];
            if (act <= 1) network.push(world.stream.create());
            else if (act === 2 && frame) network.splice(index, 1);
            else if (act === 3 && frame) world.publish(frame);
            else if (act === 4 && frame) world.publish(...network.splice(index, 1));
            else world.clock.advance(pick * 20);
          }
          const wanted = Array.from({ length: world.stream.head.number }, (_, index) => index + 1);
          await settle(world.clock, () => received().length >= wanted.length, `${wanted.length} rows`);
          expect(received()).toEqual(wanted);
          world.hub.close();
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('hub: taking a place', () => {
  it('subscribes before it reads the head: a row in between is delivered', async () => {
    const world = startHub();
    const gate = Promise.withResolvers<void>();
    world.source.gate = gate.promise;
    const { received } = world.join();
    await until(() => world.backplane.channels.length === 1, 'a subscription');
    world.publish(world.stream.create());
    gate.resolve();
    await until(() => received().length === 1, 'the row of the gap');
    world.publish(world.stream.create());
    await until(() => received().length === 2, 'the next row');
    expect(received()).toEqual([1, 2]);
  });

  it('does not read the head before the subscription is active', async () => {
    const world = startHub();
    const subscribed = Promise.withResolvers<void>();
    const subscribe = world.backplane.subscribe.bind(world.backplane);
    world.backplane.subscribe = async (channel, listener) => {
      await subscribed.promise;
      return subscribe(channel, listener);
    };
    world.join();
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(world.source.headReads).toBe(0);
    subscribed.resolve();
    await until(() => world.source.headReads === 1, 'a read of the head');
  });

  it('does not repeat what was there before the client came', async () => {
    const world = startHub();
    world.stream.create();
    const { received } = await world.accept();
    world.publish(world.stream.create());
    await until(() => received().length === 1, 'the new row');
    expect(received()).toEqual([2]);
  });

  it('accepts clients while the service is down and delivers what comes meanwhile', async () => {
    const world = startHub();
    world.source.down = true;
    const { received } = world.join();
    await settle(world.clock, () => world.hub.sourceFailing, 'a failing read');
    await world.hub.prepare([world.stream.stream]);
    world.publish(world.stream.create());
    world.source.down = false;
    await settle(world.clock, () => received().length === 1, 'the row');
  });

  it('reads heads of many streams in one call', async () => {
    const world = startHub();
    for (let user = 0; user < 400; user += 1) {
      const stream = world.source.add(new SimulatedStream('epoch', `user-${user}`));
      world.hub.join(new ScriptedConnection(`user-${user}`), { streams: [stream.stream], closeAtExpiry: false });
    }
    await until(() => world.source.headReads > 0, 'a read');
    expect(world.source.headReads).toBeLessThanOrEqual(2);
  });

  it('drops a stream without members after the linger, not before', async () => {
    const world = startHub({ lingerMs: 1_000 });
    const { membership } = await world.accept();
    membership.leave();
    world.clock.advance(900);
    expect(world.backplane.channels).toHaveLength(1);
    world.clock.advance(200);
    expect(world.backplane.channels).toHaveLength(0);
  });

  it('does next to nothing for a frame of a stream without members', async () => {
    const world = startHub();
    const { membership } = await world.accept();
    membership.leave();
    world.stream.create();
    world.publish(world.stream.create());
    world.clock.advance(400);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await world.count('hub_frames_without_member_total')).toBe(1);
    expect(world.source.changeReads).toBe(0);
    const later = await world.accept();
    world.publish(world.stream.create());
    await until(() => later.received().length === 1, 'the new row');
    expect(later.received()).toEqual([3]);
  });
});

describe('hub: backplane outage', () => {
  it('reads all heads again when the backplane is back', async () => {
    const world = startHub({ compareEveryMs: 3_600_000 });
    const { received } = await world.accept();
    world.backplane.goDown();
    world.stream.create();
    world.clock.advance(60_000);
    expect(received()).toEqual([]);
    world.backplane.comeUp();
    await settle(world.clock, () => received().length === 1, 'the row of the outage');
  });

  it('places and serves a client that comes during the outage, by comparing heads', async () => {
    const world = startHub();
    world.backplane.goDown();
    const { received } = await world.accept();
    world.stream.create();
    await settle(world.clock, () => received().length === 1, 'the row');
    expect(world.backplane.channels).toHaveLength(0);
    world.backplane.comeUp();
    await until(() => world.backplane.channels.length === 1, 'the subscription');
  });
});

describe('hub: who gets what', () => {
  it('gives two tabs of one user the same', async () => {
    const world = startHub();
    const tabs = [await world.accept(), await world.accept()];
    world.publish(world.stream.create(), world.stream.create());
    await until(() => tabs.every(({ received }) => received().length === 2), 'both rows in both tabs');
    expect(tabs.map(({ received }) => received())).toEqual([
      [1, 2],
      [1, 2],
    ]);
  });

  it('encodes a row once per protocol', async () => {
    const world = startHub();
    const protocols = [new ScriptedProtocol('a'), new ScriptedProtocol('b')];
    const members: ReturnType<typeof world.join>[] = [];
    for (let count = 0; count < 6; count += 1) {
      const protocol = protocols[count % 2];
      members.push(await world.accept(new ScriptedConnection('alice', protocol ? { protocol } : {})));
    }
    world.publish(world.stream.create());
    await until(() => members.every(({ received }) => received().length === 1), 'the row everywhere');
    expect(protocols.map(({ encodings }) => encodings)).toEqual([1, 1]);
  });

  it('tells changes to those that subscribed with a cursor only', async () => {
    const world = startHub();
    const [stock, sdk] = [await world.accept(), await world.accept()];
    await sdk.membership.subscribe(world.stream.stream, null);
    world.publish(world.stream.create(), world.stream.change(1), world.stream.markRead(), world.stream.remove(1));
    await until(() => sdk.connection.received.length === 4, 'all four');
    expect(sdk.connection.received.map((message) => message.split(' ')[0])).toEqual([
      'ReceiveNotification',
      'NotificationChanged',
      'NotificationsRead',
      'NotificationDeleted',
    ]);
    expect(stock.received()).toEqual([1]);
    expect(stock.connection.received).toHaveLength(1);
  });

  it('forwards the body untouched', async () => {
    const world = startHub();
    const { connection } = await world.accept();
    const body = Buffer.from('{ "a" : 1.0,"é":"\\u0041" }');
    world.publish({ ...world.stream.create(), body });
    await until(() => connection.received.length === 1, 'the row');
    expect(connection.received).toEqual([`ReceiveNotification ${body}`]);
  });
});

describe('hub: subscribe', () => {
  it('answers with its place, and asks for a reload for a cursor of another life only', async () => {
    const world = startHub();
    world.stream.create();
    const { membership } = await world.accept();
    const answer = await membership.subscribe(world.stream.stream, null);
    expect(parseCursor(answer.cursor)).toEqual({ epoch: 'epoch', seq: 1 });
    expect(answer.reload).toBe(false);
    expect((await membership.subscribe(world.stream.stream, answer.cursor)).reload).toBe(false);
    expect((await membership.subscribe(world.stream.stream, 'other.1')).reload).toBe(true);
    expect((await membership.subscribe(world.stream.stream, 'no cursor')).reload).toBe(true);
  });

  it.each([[5], [{ $ne: null }], [['a']], ['a'.repeat(129)]])('refuses %j as a cursor', async (cursor) => {
    const world = startHub();
    const { membership } = await world.accept();
    await expect(membership.subscribe(world.stream.stream, cursor)).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('is unavailable when the place is not known in time', async () => {
    const world = startHub();
    world.source.down = true;
    const answer = world.join().membership.subscribe(world.stream.stream, null);
    const refused = expect(answer).rejects.toMatchObject({ code: 'unavailable' });
    world.clock.advance(10_000);
    await refused;
  });

  it('sends those that keep a cursor back to subscribe anew when the stream has a new life', async () => {
    const world = startHub();
    const [stock, sdk] = [await world.accept(), await world.accept()];
    await sdk.membership.subscribe(world.stream.stream, null);
    const restored = world.source.add(new SimulatedStream('restored'));
    world.source.epoch = 'restored';
    restored.create();
    await settle(world.clock, () => sdk.connection.closedBy === 'reload', 'the close');
    expect(stock.connection.closedBy).toBeUndefined();
    world.publish(restored.create());
    await until(() => stock.received().length === 1, 'the next row');
    expect(stock.received()).toEqual([2]);
  });
});

describe('hub: slow clients', () => {
  it('closes one of eleven that stops reading, at its cap, and the others miss nothing', async () => {
    const world = startHub({ maxQueuedBytes: 10_000 });
    const healthy: ReturnType<typeof world.join>[] = [];
    for (let count = 0; count < 10; count += 1) healthy.push(await world.accept());
    const { connection: stuck } = await world.accept();
    stuck.stuck = true;
    for (let count = 0; count < 300; count += 1) {
      world.publish(world.stream.create());
      await new Promise((resolve) => setImmediate(resolve));
      expect(stuck.bufferedBytes).toBeLessThanOrEqual(10_000);
    }
    expect(stuck.closedBy).toBe('slow');
    await until(() => healthy.every(({ received }) => received().length === 300), 'all rows');
    expect(world.hub.connections).toBe(10);
    expect(await world.count('hub_closes_total')).toBe(1);
  });

  it('counts what waits for the tick as well', async () => {
    const world = startHub({ maxQueuedBytes: 1_000 });
    const { connection } = await world.accept();
    for (let count = 0; count < 100; count += 1) world.publish(world.stream.create());
    expect(connection.closedBy).toBe('slow');
  });
});

describe('hub: limits and ends', () => {
  it('closes a connection when its token expires, where asked to', async () => {
    const world = startHub();
    const expiresAt = world.clock.now() + 60_000;
    const [kept, closed] = [
      new ScriptedConnection('alice', { expiresAt }),
      new ScriptedConnection('alice', { expiresAt }),
    ];
    world.join(kept);
    world.join(closed, { closeAtExpiry: true });
    world.clock.advance(59_000);
    expect(closed.closedBy).toBeUndefined();
    world.clock.advance(1_000);
    expect([kept.closedBy, closed.closedBy]).toEqual([undefined, 'expired']);
  });

  it('keeps a connection whose token was renewed in time, and one that lives for months', async () => {
    const world = startHub();
    const connection = new ScriptedConnection('alice', { expiresAt: world.clock.now() + 60_000 });
    const { membership } = world.join(connection, { closeAtExpiry: true });
    membership.renew({ ...connection.principal, expiresAt: world.clock.now() + 100 * 86_400_000 });
    world.clock.advance(99 * 86_400_000);
    expect(connection.closedBy).toBeUndefined();
    world.clock.advance(86_400_000);
    expect(connection.closedBy).toBe('expired');
  });

  it('bounds the connections of one user', async () => {
    const world = startHub({ maxConnectionsPerUser: 2 });
    const connections = [1, 2, 3].map(() => new ScriptedConnection('alice'));
    for (const connection of connections) world.join(connection);
    expect(connections.map(({ closedBy }) => closedBy)).toEqual([undefined, undefined, 'refused']);
    world.hub.checkUser('bob' as never);
    expect(() => world.hub.checkUser('alice' as never)).toThrow('too many');
  });

  it('counts connections by protocol and transport', async () => {
    const world = startHub();
    const { membership } = await world.accept(
      new ScriptedConnection('alice', { protocol: new ScriptedProtocol('socket.io') }),
    );
    const series = 'hub_connections{protocol="socket.io",transport="WebSockets",service="test"}';
    expect(await world.metrics.registry.getSingleMetricAsString('hub_connections')).toContain(`${series} 1`);
    membership.leave();
    membership.leave();
    expect(await world.metrics.registry.getSingleMetricAsString('hub_connections')).toContain(`${series} 0`);
  });

  it('drains in jittered batches over the window and lets nobody in meanwhile', async () => {
    const connections = Array.from({ length: 200 }, () => new ScriptedConnection('alice'));
    const world = startHub({ drainWindowMs: 10_000, maxConnectionsPerUser: 1_000 });
    for (const connection of connections) world.join(connection);
    const drained = world.hub.drain();
    expect(world.hub.draining).toBe(true);
    expect(await world.hub.admit()).toMatchObject({ ok: false });
    const closed = () => connections.filter(({ closedBy }) => closedBy === 'draining').length;
    world.clock.advance(5_000);
    expect(closed()).toBeGreaterThan(50);
    expect(closed()).toBeLessThan(150);
    world.clock.advance(5_000);
    expect(closed()).toBe(200);
    await until(() => world.hub.connections === 0, 'everybody gone');
    world.clock.advance(200);
    await drained;
  });

  it('ends a drain although a client never goes', async () => {
    const world = startHub({ drainWindowMs: 1_000, closeWaitMs: 500 });
    const { connection } = world.join();
    connection.onClose = () => {};
    const drained = world.hub.drain();
    world.clock.advance(2_000);
    await drained;
    expect(connection.closedBy).toBe('draining');
  });
});
