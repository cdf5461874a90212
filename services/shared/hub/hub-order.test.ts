import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { streamChannel } from '#shared/contract/names.ts';
import { encodePushFrame, type PushFrame } from '#shared/contract/push-frame.ts';
import { SimulatedStream } from '#shared/stream/position-simulator.fixture.ts';
import { eventually } from '#test/eventually.ts';
import { FakeClock } from '#test/fake-clock.ts';
import { defaultHubLimits, type HubLimits } from './hub-limits.ts';
import { ScriptedConnection } from './scripted-connection.fixture.ts';
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

  it('is what a client waits for before it is accepted, for a bounded time', async () => {
    const world = startHub();
    const gate = Promise.withResolvers<void>();
    world.source.gate = gate.promise;
    let [placed, gaveUp] = [false, false];
    const waiting = world.hub.prepare([world.stream.stream]).then(() => {
      placed = true;
    });
    await until(() => world.backplane.channels.length === 1, 'a subscription');
    expect(placed).toBe(false);
    gate.resolve();
    await waiting;
    world.source.gate = new Promise(() => {});
    const bob = world.source.add(new SimulatedStream('epoch', 'bob')).stream;
    const late = world.hub.prepare([bob]).then(() => {
      gaveUp = true;
    });
    world.clock.advance(defaultHubLimits.placeWaitMs - 1);
    await Promise.resolve();
    expect(gaveUp).toBe(false);
    world.clock.advance(1);
    await late;
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
