import { describe, expect, it } from 'vitest';
import { FakeClock } from '#test/fake-clock.ts';
import type { HubLimits } from './hub-limits.ts';
import { quiet, settle } from './settle.fixture.ts';
import { type ChatClient, simulateChatHubs } from './simulated-chat-hubs.fixture.ts';

const start = (limits: Partial<HubLimits> = {}) => simulateChatHubs(new FakeClock(), limits);
const states = ({ of }: ChatClient) => of('PresenceChanged').map((body) => JSON.parse(body) as unknown);
const people = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`);
const is = (userId: string, state: string) => ({ userId, state });

describe('presence', () => {
  it('answers who is online at any worker, and tells when that changes', async () => {
    const { here, there, clock } = start();
    const alice = await here.accept('alice');
    const bob = await there.accept('bob');
    await quiet();
    expect(await alice.membership.watchPresence(['bob', 'carol', 'alice'])).toEqual([
      is('bob', 'online'),
      is('carol', 'offline'),
      is('alice', 'online'),
    ]);
    await there.accept('carol');
    await settle(clock, () => states(alice).length === 1, 'carol comes');
    bob.membership.leave();
    await settle(clock, () => states(alice).length === 2, 'bob goes');
    expect(states(alice)).toEqual([is('carol', 'online'), is('bob', 'offline')]);
    expect(bob.connection.received).toEqual([]);
  });

  it('counts a user whose last connection anywhere is gone, after the linger', async () => {
    const { here, there, clock } = start({ lingerMs: 10_000, presenceEveryMs: 1_000 });
    const alice = await here.accept('alice');
    const [one, two, other] = [await here.accept('bob'), await here.accept('bob'), await there.accept('bob')];
    await quiet();
    await alice.membership.watchPresence(['bob']);
    one.membership.leave();
    other.membership.leave();
    for (let second = 0; second < 20; second += 1) {
      clock.advance(1_000);
      await quiet();
    }
    expect(states(alice)).toEqual([]);
    two.membership.leave();
    for (let second = 0; second < 9; second += 1) {
      clock.advance(1_000);
      await quiet();
    }
    expect(states(alice)).toEqual([]);
    await settle(clock, () => states(alice).length === 1, 'the end');
  });

  it('takes nobody for online whose worker died', async () => {
    const { here, there, clock } = start();
    const alice = await here.accept('alice');
    await there.accept('bob');
    await quiet();
    await alice.membership.watchPresence(['bob']);
    // From now on the other worker says nothing any more.
    there.presence.down = true;
    for (let second = 0; second < 70; second += 1) {
      clock.advance(1_000);
      await quiet();
    }
    expect(states(alice)).toEqual([is('bob', 'offline')]);
    expect(await alice.membership.watchPresence(['alice'])).toEqual([is('alice', 'online')]);
  });

  it('is unknown while nobody can tell, and never offline for want of news', async () => {
    const { here, there, clock } = start();
    const alice = await here.accept('alice');
    await there.accept('bob');
    await quiet();
    expect(await alice.membership.watchPresence(['bob'])).toEqual([is('bob', 'online')]);
    for (const { presence } of [here, there]) presence.down = true;
    await settle(clock, () => states(alice).length === 1, 'no news');
    expect(await alice.membership.watchPresence(['bob', 'carol'])).toEqual([
      is('bob', 'unknown'),
      is('carol', 'unknown'),
    ]);
    // So long that all has expired.
    clock.advance(here.presence.ttlMs * 2);
    await quiet();
    for (const { presence } of [here, there]) presence.down = false;
    await settle(clock, () => states(alice).some((it) => JSON.stringify(it).includes('online')), 'bob again');
    await settle(clock, () => states(alice).some((it) => JSON.stringify(it).includes('carol')), 'carol');
    expect(states(alice)).toEqual([is('bob', 'unknown'), is('bob', 'online'), is('carol', 'offline')]);
  });

  it('tells only those who watch, whom they watch now', async () => {
    const { here, there, clock } = start({ lingerMs: 3_600_000 });
    const [alice, dave] = [await here.accept('alice'), await here.accept('dave')];
    await alice.membership.watchPresence(['bob']);
    await dave.membership.watchPresence(['bob']);
    expect(await dave.membership.watchPresence(['carol'])).toEqual([is('carol', 'offline')]);
    const gone = await here.accept('erin');
    await gone.membership.watchPresence(['bob']);
    gone.membership.leave();
    await there.accept('bob');
    await settle(clock, () => states(alice).length === 1, 'bob comes');
    expect([dave, gone].flatMap(({ connection }) => connection.received)).toEqual([]);
    const { users } = here.presence;
    await dave.membership.watchPresence([]);
    await alice.membership.watchPresence([]);
    clock.advance(10_000);
    await quiet();
    // Nobody is watched: nothing is read any more, and no beat is due yet.
    expect(here.presence.users).toBe(users);
  });

  it('says who goes when the worker ends', async () => {
    const { here, there, clock } = start();
    const alice = await here.accept('alice');
    await there.accept('bob');
    await quiet();
    await alice.membership.watchPresence(['bob']);
    await there.hub.close();
    clock.advance(5_000);
    await quiet();
    expect(states(alice)).toEqual([is('bob', 'offline')]);
  });

  it.each([[undefined], [null], ['bob'], [{}], [[5]], [['']], [[['bob']]], [people(201)]])(
    'refuses what is no list of at most 200 users: %#',
    async (users) => {
      const { here } = start();
      const { membership } = await here.accept('alice');
      await expect(membership.watchPresence(users)).rejects.toMatchObject({ code: 'bad_request' });
      expect(await membership.watchPresence(people(200))).toHaveLength(200);
    },
  );

  it('is not read for one who asks without end', async () => {
    const { here, clock } = start();
    const { membership } = await here.accept('alice');
    const ask = (round: number) => membership.watchPresence(round % 2 ? [] : [`user-${round}`]);
    for (let round = 0; round < 20; round += 1) await ask(round);
    await expect(ask(20)).rejects.toMatchObject({ code: 'rate_limited' });
    clock.advance(10_000);
    expect(await ask(22)).toHaveLength(1);
  });

  it('costs a reconnect of everybody reads and messages that grow with the users, not with their square', async () => {
    async function reconnectAll(count: number): Promise<{ users: number; messages: number }> {
      const { here, there, clock } = start();
      const names = people(count);
      const before = await Promise.all(names.map((name) => here.accept(name)));
      await quiet();
      for (const { membership } of before) await membership.watchPresence(names);
      const used = () => here.presence.users + there.presence.users;
      const atStart = used();
      for (const { membership } of before) membership.leave();
      const after = await Promise.all(names.map((name) => there.accept(name)));
      for (const { membership } of after) await membership.watchPresence(names);
      for (let second = 0; second < 15; second += 1) {
        clock.advance(1_000);
        await quiet();
      }
      const messages = [...before, ...after].flatMap(states).length;
      return { users: used() - atStart, messages };
    }
    const [one, two] = [await reconnectAll(60), await reconnectAll(120)];
    expect([one.messages, two.messages]).toEqual([0, 0]);
    expect(two.users).toBeGreaterThan(one.users);
    expect(two.users).toBeLessThanOrEqual(one.users * 2.2);
  });
});
