import { describe, expect, it } from 'vitest';
import type { UserId } from '#shared/contract/ids.ts';
import { FakeClock } from '#test/fake-clock.ts';
import { quiet } from './settle.fixture.ts';
import { type SimulatedWorkerOfChat, simulateChatHubs } from './simulated-chat-hubs.fixture.ts';

const alice = 'alice' as UserId;

/** Three workers that let a user have so many connections, and what happens to one who comes as the sockets let him. */
function start(maxConnectionsPerUser: number) {
  const world = simulateChatHubs(new FakeClock(), { maxConnectionsPerUser }, 3);
  const come = async (worker: SimulatedWorkerOfChat, user = alice) => {
    await worker.hub.checkUser(user);
    const client = await worker.accept(user);
    await quiet();
    return client;
  };
  const isRefused = (worker: SimulatedWorkerOfChat, user = alice) =>
    worker.hub.checkUser(user).then(
      () => false,
      (error: { code: string }) => error.code === 'rate_limited',
    );
  const [here, middle, there] = world.workers as [SimulatedWorkerOfChat, SimulatedWorkerOfChat, SimulatedWorkerOfChat];
  return { ...world, here, middle, there, come, isRefused };
}

describe('connections of one user', () => {
  it('are let in up to the cap over all workers and refused beyond, whoever asks; others are let in', async () => {
    const { here, there, come, isRefused } = start(4);
    for (const worker of [here, there, here]) await come(worker);
    const last = await come(there);
    expect([await isRefused(here), await isRefused(there)]).toEqual([true, true]);
    expect([await here.count('hub_user_limit_refusals_total'), await there.count('hub_closes_total')]).toEqual([1, 0]);
    await come(there, 'bob' as UserId);
    last.membership.leave();
    await quiet();
    expect(await isRefused(here)).toBe(false);
    await come(here);
    expect([await isRefused(here), await isRefused(there)]).toEqual([true, true]);
  });

  it('begin at a worker that has none of them without a question, and are refused there once it knows', async () => {
    const { here, middle, there, come, isRefused } = start(24);
    for (let count = 0; count < 24; count += 1) await come(here);
    const surplus = await come(there);
    expect(await isRefused(there)).toBe(true);
    // Nobody who is in is sent away, and an idle worker is told of nothing.
    expect(surplus.connection.closedBy).toBeUndefined();
    expect(await isRefused(middle)).toBe(false);
  });

  it('that come in one instant are counted at their worker before they are let in', async () => {
    const { here, there, come } = start(4);
    for (const worker of [there, there, here]) await come(worker);
    await Promise.all([1, 2, 3].map(() => here.hub.checkUser(alice)));
    const ends = [1, 2, 3].map(() => here.join(alice).connection.closedBy);
    expect(ends).toEqual([undefined, 'refused', 'refused']);
  });

  it('wait for no count while they are few', async () => {
    const { here, there, come } = start(100);
    for (let count = 0; count < 4; count += 1) {
      await come(here);
      await come(there);
    }
    expect(await there.count('hub_user_limit_reads_total')).toBe(0);
    await come(there);
    expect(await there.count('hub_user_limit_reads_total')).toBe(1);
  });

  it('of a worker that died count until its word expires', async () => {
    const { here, there, clock, come, isRefused } = start(4);
    for (const worker of [here, there, there, there]) await come(worker);
    there.presence.down = true;
    clock.advance(there.presence.ttlMs - 1);
    expect(await isRefused(here)).toBe(true);
    clock.advance(1);
    await quiet();
    expect(await isRefused(here)).toBe(false);
    await come(here);
  });

  it('of a worker that ends count no more', async () => {
    const { here, there, come, isRefused } = start(4);
    for (const worker of [here, there, there, there]) await come(worker);
    expect(await isRefused(here)).toBe(true);
    await there.hub.close();
    expect(await isRefused(here)).toBe(false);
  });

  it('are capped at each worker alone while nobody can tell, and at all again when somebody can', async () => {
    const { here, there, clock, come, isRefused } = start(4);
    for (const worker of [here, here, there, there]) await come(worker);
    expect(await isRefused(here)).toBe(true);
    for (const { presence } of [here, there]) presence.down = true;
    await come(here);
    const asked = await here.count('hub_user_limit_reads_total');
    for (const worker of [here, there]) await come(worker);
    expect([await isRefused(here), await isRefused(there)]).toEqual([true, false]);
    // Nobody waits for what is known to be away.
    expect(await here.count('hub_user_limit_reads_total')).toBe(asked);
    expect(await here.count('hub_user_limit_local')).toBe(1);
    for (const { presence } of [here, there]) presence.down = false;
    // The next beat.
    clock.advance(here.presence.ttlMs / 3);
    await quiet();
    expect([await isRefused(there), await here.count('hub_user_limit_local')]).toEqual([true, 0]);
    expect([here.hub.connections, there.hub.connections]).toEqual([4, 3]);
  });

  it('are told of anew as soon as the backplane heals', async () => {
    const { here, there, come, isRefused } = start(4);
    here.presence.down = true;
    for (const worker of [here, here, there, there]) await come(worker);
    expect(await isRefused(there)).toBe(false);
    here.presence.down = false;
    here.backplane.goDown();
    here.backplane.comeUp();
    await quiet();
    expect(await isRefused(there)).toBe(true);
  });

  it('are let in when the answer does not come in time', async () => {
    const { here, there, clock, come } = start(4);
    // It knows of both there.
    for (const worker of [here, there, there, here]) await come(worker);
    const { count } = here.presence;
    here.presence.count = () => new Promise(() => {});
    let isIn = false;
    const checked = here.hub.checkUser(alice).then(() => {
      isIn = true;
    });
    await quiet();
    clock.advance(299);
    await quiet();
    expect(isIn).toBe(false);
    clock.advance(1);
    await checked;
    here.presence.count = count;
    await expect(here.hub.checkUser(alice)).rejects.toMatchObject({ code: 'rate_limited' });
  });
});
