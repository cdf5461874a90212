import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { smallConversation } from '#shared/contract/chat-dto.ts';
import { streamChannel, userChannel } from '#shared/contract/names.ts';
import { FakeClock } from '#test/fake-clock.ts';
import type { HubLimits } from './hub-limits.ts';
import { quiet, settle, until } from './settle.fixture.ts';
import type { SimulatedChat, SimulatedConversation } from './simulated-chat.fixture.ts';
import { type ChatClient, simulateChatHubs } from './simulated-chat-hubs.fixture.ts';

const start = (limits: Partial<HubLimits> = {}) => simulateChatHubs(new FakeClock(), limits);
const crowd = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`);

describe('a removed member', () => {
  it('gets nothing more on any worker, although every signal and his removal itself are lost', async () => {
    const { chat, here, there, push, clock } = start();
    const group = chat.create('alice', 'bob', 'carol');
    const clients = {
      alice: await here.accept('alice'),
      bobHere: await here.accept('bob'),
      bobThere: await there.accept('bob'),
      carol: await there.accept('carol'),
    };
    push(group.send());
    await until(() => Object.values(clients).every(({ received }) => received().length === 1), 'the first row');
    group.remove('bob');
    push(group.send(), group.send());
    const { alice, carol, bobHere, bobThere } = clients;
    await settle(clock, () => alice.received().length === 4 && carol.received().length === 4, 'all rows');
    expect([alice.received(), carol.received()]).toEqual([
      [2, 3, 4, 5],
      [2, 3, 4, 5],
    ]);
    expect([bobHere.received(), bobThere.received()]).toEqual([[2], [2]]);
  });

  it('of a large conversation gets nothing more, at once', async () => {
    const { chat, here, there, push } = start();
    const group = chat.create('alice', 'bob', ...crowd(smallConversation));
    const [alice, bobHere, bobThere] = [
      await here.accept('alice'),
      await here.accept('bob'),
      await there.accept('bob'),
    ];
    push(group.remove('bob'), group.send());
    await until(() => alice.received().length === 2, 'the removal and the row');
    await quiet();
    expect([bobHere.received(), bobThere.received()]).toEqual([[], []]);
  });

  it('is told so when he subscribed, once the service confirms it', async () => {
    const { chat, here, push } = start();
    const group = chat.create('alice', 'bob');
    const [sdk, stock] = [await here.accept('bob'), await here.accept('bob')];
    await sdk.membership.subscribeChat({});
    push(group.membership('bob'));
    await quiet();
    expect(sdk.of('MembershipChanged')).toEqual([]);
    group.remove('bob');
    push(group.membership('bob'));
    await until(() => sdk.of('MembershipChanged').length === 1, 'the news');
    expect(sdk.of('MembershipChanged')).toEqual([JSON.stringify({ conversationId: group.id, state: 'left' })]);
    expect(stock.connection.received).toEqual([]);
    expect(await sdk.membership.subscribeChat({ [group.id]: null })).toEqual({ conversations: {} });
  });

  it('is found by comparing heads, when nobody says anything', async () => {
    const { chat, here, clock } = start();
    const group = chat.create('alice', 'bob');
    const sdk = await here.accept('bob');
    await sdk.membership.subscribeChat({});
    group.remove('bob');
    await settle(clock, () => sdk.of('MembershipChanged').length === 1, 'the news');
  });

  it.each([3, 200])('stays out while the service does not tell members: %i rows wait for it', async (rows) => {
    const { chat, here, push, clock } = start({ maxHeldRows: 64 });
    const group = chat.create('alice', 'bob');
    const [alice, bob] = [await here.accept('alice'), await here.accept('bob')];
    chat.membersDown = true;
    push(group.remove('bob'));
    for (let count = 0; count < rows; count += 1) push(group.send());
    await settle(clock, () => here.hub.chatSourceFailing, 'a failing read');
    clock.advance(30_000);
    await quiet();
    expect([alice.received(), bob.received()]).toEqual([[], []]);
    chat.membersDown = false;
    await settle(clock, () => alice.received().length > rows, 'all rows');
    expect(alice.received()).toEqual(Array.from({ length: rows + 1 }, (_, index) => index + 2));
    expect(bob.connection.received).toEqual([]);
  });

  it.each([3, 200])(
    'leaves nothing behind for one who comes later: %i rows waited when the last one went',
    async (rows) => {
      const { chat, here, push, clock } = start({ maxHeldRows: 64 });
      const group = chat.create('alice', 'bob');
      const first = await here.accept('alice');
      chat.membersDown = true;
      push(group.remove('bob'));
      for (let count = 0; count < rows; count += 1) push(group.send());
      await settle(clock, () => here.hub.chatSourceFailing, 'a failing read');
      first.membership.leave();
      const later = await here.accept('alice');
      chat.membersDown = false;
      await settle(clock, () => !here.hub.chatSourceFailing, 'an answer');
      push(group.send());
      await settle(clock, () => later.received().length > 0, 'the new row');
      await quiet();
      expect([first.received(), later.received()]).toEqual([[], [group.head.number]]);
    },
  );

  it('gets no news of the conversation, no receipts and no typing either', async () => {
    const { chat, here, push, clock } = start();
    const group = chat.create('alice', 'bob', ...crowd(smallConversation));
    const [alice, bob] = [await here.accept('alice'), await here.accept('bob')];
    await bob.membership.subscribeChat({});
    group.remove('bob');
    push(group.withNews(group.send()));
    push(group.signal({ kind: 'typing', user: 'user-1' } as never));
    push(group.signal({ kind: 'read', user: 'user-1', readThrough: 1 } as never));
    await until(() => bob.of('MembershipChanged').length === 1, 'the removal');
    push(group.withNews(group.send()), group.signal({ kind: 'typing', user: 'user-1' } as never));
    await settle(clock, () => alice.of('UpdateConversation').length > 0, 'news');
    expect(bob.methods()).toEqual(['MembershipChanged']);
  });
});

describe('an added member', () => {
  const worlds = [
    ['nobody else is here', false],
    ['others are here', true],
  ] as const;

  it.each(worlds)('gets his joining row and all after it, in order and once: %s', async (_what, others) => {
    const { chat, here, push, clock } = start();
    const group = chat.create('alice', 'bob');
    if (others) await here.accept('bob');
    const carol = await here.accept('carol');
    push(group.send(), group.send());
    const [joining, next, last] = [group.add('carol'), group.send(), group.send()];
    push(next, joining, last);
    await settle(clock, () => carol.received().length === 3, 'three rows');
    expect(carol.received()).toEqual([4, 5, 6]);
  });

  it.each(worlds)('gets them also when all frames were lost and only the signal came: %s', async (_what, others) => {
    const { chat, here, push, clock } = start();
    const group = chat.create('alice', 'bob');
    const bob = others ? await here.accept('bob') : undefined;
    const carol = await here.accept('carol');
    await carol.membership.subscribeChat({});
    group.send();
    group.add('carol');
    group.send();
    push(group.membership('carol'));
    await settle(clock, () => carol.received().length === 2, 'two rows');
    expect(carol.received()).toEqual([3, 4]);
    expect(carol.of('MembershipChanged')).toEqual([JSON.stringify({ conversationId: group.id, state: 'joined' })]);
    if (bob) await settle(clock, () => bob.received().length === 3, "bob's rows");
  });

  it('of whom a worker hears late gets what others have already, and they get nothing twice', async () => {
    const { chat, here, push, clock } = start();
    const group = chat.create('bob', ...crowd(smallConversation));
    const bob = await here.accept('bob');
    await bob.membership.subscribeChat({});
    const carol = await here.accept('carol');
    // The joining row names nobody, as one does that was edited or that we cannot read.
    group.users.add('carol' as never);
    const joining = group.add();
    push(joining, group.send(), group.edit(1));
    await until(() => bob.received().length === 2, "bob's rows");
    expect(carol.received()).toEqual([]);
    push(group.membership('carol'));
    await settle(clock, () => carol.received().length === 2, "carol's rows");
    push(group.send());
    await settle(clock, () => carol.received().length === 3 && bob.received().length === 3, 'the next row');
    expect([bob.received(), carol.received()]).toEqual([
      [2, 3, 4],
      [2, 3, 4],
    ]);
    expect(bob.of('MessageChanged')).toHaveLength(1);
  });

  it('of a large conversation is known by the row that names him', async () => {
    const { chat, here, push } = start();
    const group = chat.create('bob', ...crowd(smallConversation));
    const [bob, carol] = [await here.accept('bob'), await here.accept('carol')];
    push(group.add('carol'), group.send());
    await until(() => carol.received().length === 2 && bob.received().length === 2, 'both rows');
    expect([bob.received(), carol.received()]).toEqual([
      [2, 3],
      [2, 3],
    ]);
  });

  it('who was removed and is back gets what comes after his return', async () => {
    const { chat, here, push, clock } = start();
    const group = chat.create('alice', 'bob');
    const [alice, bob] = [await here.accept('alice'), await here.accept('bob')];
    push(group.remove('bob'), group.send());
    await until(() => alice.received().length === 2, "alice's rows");
    push(group.add('bob'), group.send());
    await settle(clock, () => bob.received().length === 2, "bob's rows");
    expect(bob.received()).toEqual([4, 5]);
  });

  it('is asked about once for many frames of an unknown conversation', async () => {
    const { chat, here, push } = start();
    const carol = await here.accept('carol');
    const group = chat.create('alice', 'bob');
    push(group.add('carol'));
    for (let count = 0; count < 50; count += 1) push(group.send());
    await until(() => carol.received().length === 51, 'all rows');
    expect(chat.reads.members).toBeLessThanOrEqual(2);
    expect(carol.received()).toEqual(Array.from({ length: 51 }, (_, index) => index + 2));
  });
});

describe('whoever is no member', () => {
  it('gets nothing of a conversation whose frames come on his channel, and it is forgotten', async () => {
    const { chat, here } = start();
    const dave = await here.accept('dave');
    const group = chat.create('alice', 'bob');
    here.push({ ...group.send(), channels: [userChannel('dave' as never)] });
    await until(() => chat.reads.members === 1, 'a read');
    await quiet();
    expect(dave.connection.received).toEqual([]);
    expect(await here.count('hub_streams')).toBe(0);
  });

  it('is given up when the service never confirms what was said of him', async () => {
    const { chat, here, clock } = start();
    await here.accept('dave');
    const group = chat.create('alice', 'bob');
    here.push({
      ...group.signal({ kind: 'membership', user: 'dave', version: 99 } as never, [userChannel('dave' as never)]),
    });
    await until(() => chat.reads.members === 1, 'a read');
    await quiet();
    expect(chat.reads.members).toBe(1);
    for (let round = 0; round < 10; round += 1) {
      clock.advance(10_000);
      await quiet();
    }
    const { members } = chat.reads;
    expect(members).toBeLessThan(10);
    expect(await here.count('hub_streams')).toBe(0);
    clock.advance(60_000);
    await quiet();
    expect(chat.reads.members).toBe(members);
  });
});

describe('a conversation that becomes large', () => {
  it('keeps order and once over the change of channels', async () => {
    const { chat, here, there, push, clock } = start();
    const group = chat.create('alice', 'bob', ...crowd(smallConversation - 2));
    const clients = [await here.accept('alice'), await there.accept('bob')];
    push(group.send());
    push(group.add('carol'));
    expect(group.large).toBe(true);
    push(group.send());
    await settle(clock, () => clients.every(({ received }) => received().length === 3), 'three rows each');
    const channel = streamChannel(group.stream);
    await until(() => [here, there].every(({ backplane }) => backplane.channels.includes(channel)), 'its channel');
    const { changes } = chat.reads;
    push(group.send());
    await until(() => clients.every(({ received }) => received().length === 4), 'the last row');
    expect(chat.reads.changes).toBe(changes);
    for (const { received } of clients) expect(received()).toEqual([2, 3, 4, 5]);
  });

  it('is listened to at once by a worker that hears of it', async () => {
    const { chat, here, push } = start();
    const group = chat.create('alice', ...crowd(smallConversation - 1));
    const alice = await here.accept('alice');
    group.add('carol');
    push(group.membership('alice'));
    await until(() => here.backplane.channels.includes(streamChannel(group.stream)), 'its channel');
    push(group.send());
    expect(chat.reads.members).toBe(1);
    alice.membership.leave();
  });

  it('is left again by a worker without users in it', async () => {
    const { chat, here, push, clock } = start({ lingerMs: 1_000 });
    const group = chat.create('alice', ...crowd(smallConversation));
    const { membership } = await here.accept('alice');
    await until(() => here.backplane.channels.includes(streamChannel(group.stream)), 'its channel');
    membership.leave();
    clock.advance(1_000);
    expect(here.backplane.channels).toEqual([]);
    push(group.send());
    expect(await here.count('hub_frames_total')).toBe(0);
  });
});

describe('membership, whatever the backplane does', () => {
  const people = ['alice', 'bob', 'carol', 'dave'];
  const act = fc.record({ act: fc.nat(9), who: fc.nat(3), pick: fc.nat(20) });

  it('shows every row from a join on once and in order, and none after a removal', async () => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.array(act, { minLength: 5, maxLength: 50 }), async (large, steps) => {
        const { chat, here, there, workers, clock, close } = start({ maxHeldRows: 4 });
        const group = chat.create('alice', 'bob', ...(large ? crowd(smallConversation) : []));
        const clients = new Map<string, ChatClient[]>();
        /** Of each, the numbers of rows from a join up to a removal. */
        const intervals = new Map(people.map((user) => [user, [] as { from: number; to: number }[]]));
        const enter = (user: string, from: number) => intervals.get(user)?.push({ from, to: Number.POSITIVE_INFINITY });
        for (const user of ['alice', 'bob']) enter(user, 1);
        for (const user of people) clients.set(user, [await here.accept(user), await there.accept(user)]);
        const network: { worker: (typeof workers)[number]; pushed: Parameters<typeof here.push>[0] }[] = [];
        const publish = (...pushed: Parameters<typeof here.push>[0][]) => {
          for (const worker of workers) for (const one of pushed) network.push({ worker, pushed: one });
        };
        for (const { act, who, pick } of steps) {
          const user = people[who] as string;
          const isIn = group.users.has(user as never);
          const sent = network[pick % (network.length || 1)];
          const edited = group.messages[pick % (group.messages.length || 1)];
          if (act <= 1) publish(group.send());
          else if (act === 2 && edited) publish(group.edit(edited));
          else if (act === 3 && isIn && user !== 'alice') {
            const interval = intervals.get(user)?.at(-1);
            publish(pick % 2 ? group.remove(user) : group.leave(user));
            if (interval) interval.to = group.head.number - 1;
          } else if (act === 3 && !isIn) {
            const added = group.add(user);
            enter(user, added.frame.number);
            publish(added);
            // Of a joining that no frame tells a worker hears by this one, which is not lost here.
            for (const worker of workers) worker.push(group.membership(user));
          } else if (act === 4 && sent) network.splice(network.indexOf(sent), 1);
          else if (act === 5 && sent) sent.worker.push(sent.pushed);
          else if (act === 6) chat.membersDown = !chat.membersDown;
          else if (act === 7) await quiet();
          else if (sent) {
            sent.worker.push(sent.pushed);
            network.splice(network.indexOf(sent), 1);
          }
          clock.advance(pick * 20);
        }
        chat.membersDown = false;
        const lastRow = group.head.number;
        const complete = () =>
          people.every((user) => {
            const last = intervals.get(user)?.at(-1);
            if (last?.to !== Number.POSITIVE_INFINITY) return true;
            return clients
              .get(user)
              ?.every(({ received }) => received().at(-1) === lastRow || last.from > lastRow || lastRow === 1);
          });
        for (let round = 0; round < 200 && !complete(); round += 1) {
          await quiet();
          clock.advance(200);
        }
        for (const [user, them] of clients) {
          for (const { received } of them) {
            const got = received();
            const known = intervals.get(user) ?? [];
            const last = known.at(-1);
            expect(got, user).toEqual([...new Set(got)].sort((a, b) => a - b));
            expect(
              got.filter((number) => !known.some(({ from, to }) => from <= number && number <= to)),
              user,
            ).toEqual([]);
            if (last?.to === Number.POSITIVE_INFINITY) {
              // The first row was there before anybody was connected.
              const wanted = Array.from({ length: lastRow }, (_, index) => index + 1).slice(Math.max(1, last.from - 1));
              expect(
                got.filter((number) => number >= last.from),
                user,
              ).toEqual(wanted);
            }
          }
        }
        await close();
      }),
      { numRuns: 100 },
    );
  }, 60_000);
});

describe('an answer of a life that a restore took back', () => {
  it('about members lets nobody in', async () => {
    const { chat, here, push, clock } = start();
    const group = chat.create('alice', 'bob');
    const [alice, carol] = [await here.accept('alice'), await here.accept('carol')];
    const [old, present] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    chat.gates.members = old.promise;
    push(group.add('carol'));
    await until(() => chat.reads.members === 1, 'the question');
    chat.gates.members = present.promise;
    await restored({ chat, clock }, group);
    old.resolve();
    await until(() => chat.reads.members === 2, 'the question in the new life');
    push(group.send());
    await quiet();
    expect(carol.received()).toEqual([]);
    present.resolve();
    await settle(clock, () => alice.received().length === 1, 'the row');
    expect(carol.received()).toEqual([]);
  });

  it('about memberships lets nobody in', async () => {
    const { chat, here, push, clock } = start();
    const group = chat.create('alice', 'bob');
    const alice = await here.accept('alice');
    group.add('carol');
    const old = Promise.withResolvers<void>();
    chat.gates.memberships = old.promise;
    const carol = here.join('carol');
    await until(() => chat.reads.memberships === 2, 'the question');
    await restored({ chat, clock }, group);
    chat.gates = {};
    old.resolve();
    await quiet();
    push(group.send());
    await settle(clock, () => alice.received().length === 1, 'the row');
    expect(carol.received()).toEqual([]);
  });
});

/** The group is again as it began, and its workers know. */
async function restored({ chat, clock }: { chat: SimulatedChat; clock: FakeClock }, group: SimulatedConversation) {
  chat.epoch = 'restored';
  group.restore('restored', { seq: 1, users: ['alice', 'bob'] });
  const before = chat.reads.heads;
  await settle(clock, () => chat.reads.heads >= before + 2, 'heads of the new life');
  await quiet();
}
