import { describe, expect, it } from 'vitest';
import { parseCursor } from '#shared/contract/cursor.ts';
import { SimulatedStream } from '#shared/stream/position-simulator.fixture.ts';
import { eventually } from '#test/eventually.ts';
import { FakeClock } from '#test/fake-clock.ts';
import type { HubLimits } from './hub-limits.ts';
import { ScriptedConnection, ScriptedProtocol } from './scripted-connection.fixture.ts';
import { simulateHub } from './simulated-hub.fixture.ts';

const startHub = (limits: Partial<HubLimits> = {}) => simulateHub(new FakeClock(), limits);

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
    await world.hub.checkUser('bob' as never);
    await expect(world.hub.checkUser('alice' as never)).rejects.toMatchObject({ code: 'rate_limited' });
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
