import { describe, expect, it } from 'vitest';
import { maxUsersAsked } from '#shared/contract/internal-calls.ts';
import { FakeClock } from '#test/fake-clock.ts';
import type { HubLimits } from './hub-limits.ts';
import { quiet, settle, until } from './settle.fixture.ts';
import type { SimulatedChat, SimulatedConversation } from './simulated-chat.fixture.ts';
import { type ChatClient, simulateChatHubs } from './simulated-chat-hubs.fixture.ts';

const start = (limits: Partial<HubLimits> = {}) => simulateChatHubs(new FakeClock(), limits);
const never = { compareEveryMs: 3_600_000, membershipsEveryMs: 3_600_000 };

const joined = ({ id }: SimulatedConversation) => JSON.stringify({ conversationId: id, state: 'joined' });
const isTold = ({ of }: ChatClient, group: SimulatedConversation) => of('MembershipChanged').includes(joined(group));

/** Each worker's first question only asks where to go on from. */
const asked = (chat: SimulatedChat, count: number) => until(() => chat.asked.length === count, `${count} questions`);

describe('a membership of which nothing tells a worker that has nobody else in the conversation', () => {
  const comings: [string, (chat: SimulatedChat) => () => SimulatedConversation][] = [
    [
      'an addition',
      (chat) => {
        const group = chat.create('bob');
        return () => {
          group.add('alice');
          return group;
        };
      },
    ],
    ['a new conversation', (chat) => () => chat.create('alice', 'bob')],
    [
      'a return',
      (chat) => {
        const group = chat.create('alice', 'bob');
        group.remove('alice');
        return () => {
          group.add('alice');
          return group;
        };
      },
    ],
  ];

  it.each(comings)('is found by asking: %s', async (_what, prepare) => {
    const { chat, here, push, clock } = start();
    const happens = prepare(chat);
    const alice = await here.accept('alice');
    await alice.membership.subscribeChat({});
    const group = happens();
    await settle(clock, () => isTold(alice, group), 'the news');
    push(group.send());
    await settle(clock, () => alice.received().at(-1) === group.head.number, 'the next row');
  });

  it('is found at once when the backplane is back', async () => {
    const { chat, here } = start(never);
    const alice = await here.accept('alice');
    await alice.membership.subscribeChat({});
    here.backplane.goDown();
    const group = chat.create('alice', 'bob');
    await quiet();
    expect(isTold(alice, group)).toBe(false);
    here.backplane.comeUp();
    await until(() => isTold(alice, group), 'the news');
  });

  it('is found although the service was down when it was to be asked', async () => {
    const { chat, here, clock } = start();
    const alice = await here.accept('alice');
    await alice.membership.subscribeChat({});
    chat.down = true;
    const group = chat.create('alice', 'bob');
    const failures = chat.reads.membershipsSince + 3;
    await settle(clock, () => chat.reads.membershipsSince >= failures, 'questions');
    expect(isTold(alice, group)).toBe(false);
    chat.down = false;
    await settle(clock, () => isTold(alice, group), 'the news');
  });

  it('is found of one who comes while others are asked about', async () => {
    const { chat, here, workers } = start(never);
    await asked(chat, workers.length);
    await here.accept('bob');
    const gate = Promise.withResolvers<void>();
    chat.gates.membershipsSince = gate.promise;
    here.backplane.goDown();
    here.backplane.comeUp();
    await asked(chat, workers.length + 1);
    const alice = await here.accept('alice');
    await alice.membership.subscribeChat({});
    const group = chat.create('alice', 'carol');
    gate.resolve();
    await quiet();
    expect(isTold(alice, group)).toBe(false);
    here.backplane.goDown();
    here.backplane.comeUp();
    await until(() => isTold(alice, group), 'the news');
  });
});

describe('a client that knows from the service of a membership that its worker never heard of', () => {
  it('is told that it is over', async () => {
    const { chat, here, clock } = start();
    const group = chat.create('bob');
    const [alice, stock] = [await here.accept('alice'), await here.accept('alice')];
    await alice.membership.subscribeChat({});
    await asked(chat, 2);
    group.add('alice');
    group.remove('alice');
    await settle(clock, () => alice.of('MembershipChanged').length > 0, 'the news');
    expect(alice.of('MembershipChanged')[0]).toBe(JSON.stringify({ conversationId: group.id, state: 'left' }));
    expect(stock.connection.received).toEqual([]);
  });
});

describe('asking who came into a conversation', () => {
  it('begins with the worker and goes on where it left off', async () => {
    const { chat, here, clock } = start();
    await asked(chat, 2);
    chat.create('alice', 'bob');
    await here.accept('alice');
    await settle(clock, () => chat.asked.some(({ users }) => users.includes('alice' as never)), 'a question');
    expect(chat.asked[0]).toEqual({ users: [], since: null });
    const { since } = chat.asked.find(({ users }) => users.length > 0) ?? {};
    expect(since).toMatch(/^epoch\.\d+$/);
    await settle(clock, () => chat.asked.some((request) => request.since !== null && request.since !== since), 'more');
    // What is known already costs nothing further.
    expect(chat.reads.memberships).toBe(1);
  });

  it('costs a few calls for thousands of users', async () => {
    const { chat, here, workers } = start(never);
    await asked(chat, workers.length);
    const count = 2 * maxUsersAsked + 1;
    for (let index = 0; index < count; index += 1) here.join(`user ${index}`);
    await until(() => chat.reads.memberships === count, 'all memberships');
    const before = { ...chat.reads };
    here.backplane.goDown();
    here.backplane.comeUp();
    await asked(chat, workers.length + 3);
    await quiet();
    expect(chat.asked.slice(-3).map(({ users }) => users.length)).toEqual([maxUsersAsked, maxUsersAsked, 1]);
    expect(chat.reads).toEqual({ ...before, membershipsSince: before.membershipsSince + 3 });
  });

  it('reads all memberships again when the service has another life', async () => {
    const { chat, here, clock } = start({ compareEveryMs: never.compareEveryMs });
    const group = chat.create('bob');
    const alice = await here.accept('alice');
    await alice.membership.subscribeChat({});
    // A restore brings back whom it knows: nobody comes in by it.
    group.users.add('alice' as never);
    chat.epoch = 'another';
    await settle(clock, () => isTold(alice, group), 'the news');
  });
});
