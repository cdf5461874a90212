import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { smallConversation } from '#shared/contract/chat-dto.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import type { ConversationId } from '#shared/contract/ids.ts';
import { isGuid } from '#shared/masstransit/guid.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { eventually } from '#test/eventually.ts';
import { FakeClock } from '#test/fake-clock.ts';
import { overridable, type Person, type SeenEvent, startTestChat, type TestChat } from '../chat.fixture.ts';
import type { ChatLimits } from '../chat.ts';
import type { ChatStore } from '../store/chat-store.ts';
import { openSqliteChatStore } from '../store/sqlite-chat-store.ts';
import { eventIdOf } from './event-id.ts';
import { createScriptedBus, type ScriptedBus } from './scripted-bus.fixture.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const limits: ChatLimits = { sweepEveryMs: 1_000, sweepGraceMs: 5_000, leaseMs: 60_000 };
/** Beyond the grace and any jitter of a sweep. */
const sweepMs = 7_000;

type World = AsyncDisposable & {
  readonly clock: FakeClock;
  readonly bus: ScriptedBus;
  readonly chat: TestChat;
  /** Advances time until a sweep has found nothing more to do. */
  sweepUntil(check: () => string | undefined): Promise<void>;
};

async function startWorld(options: { limits?: ChatLimits; store?: (store: ChatStore) => ChatStore } = {}) {
  const clock = new FakeClock();
  const bus = createScriptedBus();
  const sqlite = openSqliteChatStore({ file: ':memory:', clock, log });
  const store = options.store?.(sqlite) ?? sqlite;
  const chat = await startTestChat({ clock, bus, store, limits: { ...limits, ...options.limits } });
  const world: World = {
    clock,
    bus,
    chat,
    sweepUntil: (check) =>
      eventually(() => {
        clock.advance(sweepMs);
        return check();
      }),
    [Symbol.asyncDispose]: () => chat[Symbol.asyncDispose](),
  };
  return world;
}

/** So many attempts to publish have failed: nothing of them is on its way any more. */
const failed = ({ metrics }: TestChat, count: number) =>
  eventually(async () => {
    const text = await metrics.registry.getSingleMetricAsString('chat_events_total');
    const [, failures = '0'] = /outcome="failed"[^}]*} (\d+)/.exec(text) ?? [];
    return Number(failures) >= count ? undefined : `${failures} of ${count} failures`;
  });

async function group(chat: TestChat, members = 2): Promise<{ owner: Person; others: Person[]; id: ConversationId }> {
  const owner = chat.person('owner');
  const others = Array.from({ length: members - 1 }, () => chat.person('member'));
  const participantIds = others.map(({ id }) => id);
  const { body } = await owner.post('/api/chat/conversations', { type: 1, participantIds });
  return { owner, others, id: body.id };
}

async function send(person: Person, conversationId: string, content: string): Promise<{ id: string; seq: number }> {
  const { status, body } = await person.post('/api/chat/messages', { conversationId, content, type: 0 });
  expect(status).toBe(201);
  return body;
}

const seqsOf = (events: readonly SeenEvent[], id: string) =>
  events.filter(({ event }) => event.conversationId === id).map(({ event }) => event.seq);

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

const has = (chat: TestChat, id: string, count: number) => () => {
  const seen = new Set(seqsOf(chat.events, id)).size;
  return seen >= count ? undefined : `${seen} of ${count} events`;
};

describe('the outbox', () => {
  it('never takes a row for one of a life that begins after it was written', async () => {
    await using world = await startWorld({ store: overridable });
    const { chat } = world;
    const { owner, id } = await group(chat);
    const before = await chat.store.epoch();
    const { send: stored } = chat.store;
    chat.store.send = async (message) => {
      const sent = await stored(message);
      await chat.store.newEpoch();
      return sent;
    };
    const { seq } = await send(owner, id, 'just before the restore');
    await eventually(has(chat, id, 2));
    const told = chat.events.find(({ event }) => event.seq === seq);
    expect(told?.event.epoch).toBe(before);
    expect(await chat.store.epoch()).not.toBe(before);
  });

  it('publishes what was answered as MassTransit does, in the order of the conversation', async () => {
    await using world = await startWorld();
    const { chat } = world;
    const { owner, others, id } = await group(chat);
    const sent = await Promise.all(upTo(100).map((index) => send(owner, id, `message ${index}`)));
    await chat.settled();
    await eventually(has(chat, id, 101));
    expect(seqsOf(chat.events, id)).toEqual(upTo(101));
    const epoch = await chat.store.epoch();
    const [head] = await chat.store.heads([id]);
    const message = sent.find(({ seq }) => seq === 7);
    const seen = chat.events.find(({ event }) => event.conversationId === id && event.seq === 7);
    expect(seen?.messageId).toBe(eventIdOf({ id: message?.id ?? '', seq: 7 }, epoch));
    expect(seen).toMatchObject({ name: 'MessageSentEvent' });
    expect(seen?.event).toEqual({
      messageId: message?.id,
      conversationId: id,
      senderId: owner.id,
      content: expect.stringMatching(/^message \d+$/),
      type: 0,
      createdAt: expect.any(String),
      isDeleted: false,
      epoch,
      seq: 7,
      number: 7,
      membersVersion: head?.members,
      recipientIds: expect.toSatisfy(
        (users: string[]) => users.toSorted().join() === [owner.id, others[0]?.id].toSorted().join(),
      ),
      message,
      conversation: expect.objectContaining({ id, number: 7, unreadCount: 0, readThrough: 0, participantCount: 2 }),
    });
  });

  it('keeps that order also where one row needs to know more than the next', async () => {
    let slow = Promise.resolve();
    await using world = await startWorld({
      store: (store) => ({
        ...overridable(store),
        async members(conversation, page) {
          await slow;
          return store.members(conversation, page);
        },
      }),
    });
    const { chat } = world;
    const { owner, id } = await group(chat);
    await eventually(has(chat, id, 1));
    let goOn = () => {};
    slow = new Promise((resolve) => {
      goOn = resolve;
    });
    await owner.post(`/api/chat/conversations/${id}/participants`, { userIds: ['carol'] });
    for (const index of upTo(3)) await send(owner, id, `message ${index}`);
    const elsewhere = await group(chat);
    await eventually(has(chat, elsewhere.id, 1));
    expect(seqsOf(chat.events, id)).toEqual([1]);
    goOn();
    await eventually(has(chat, id, 5));
    expect(seqsOf(chat.events, id)).toEqual(upTo(5));
  });

  it('goes on taking messages while the bus is down, and tells of all of them afterwards', async () => {
    await using world = await startWorld();
    const { bus, chat } = world;
    const { owner, id } = await group(chat);
    await chat.settled();
    bus.mood = 'down';
    for (const index of upTo(20)) await send(owner, id, `message ${index}`);
    await failed(chat, 20);
    world.clock.advance(10 * sweepMs);
    expect(seqsOf(chat.events, id)).toEqual([1]);
    bus.mood = 'up';
    await world.sweepUntil(has(chat, id, 21));
    await chat.settled();
    expect(seqsOf(chat.events, id)).toEqual(upTo(21));
    expect(await chat.metrics.registry.getSingleMetricAsString('chat_swept_rows_total')).toMatch(/ 20$/m);
    expect(chat.logged().match(/events stay in the outbox|events reach the bus/g)).toEqual([
      'events stay in the outbox',
      'events reach the bus',
    ]);
  });

  it('keeps in memory only so much, with a broker that never confirms', async () => {
    await using world = await startWorld({ limits: { maxEventsInFlight: 5, sweepRows: 3 } });
    const { bus, chat } = world;
    const { owner, id } = await group(chat);
    await chat.settled();
    bus.mood = 'silent';
    for (const index of upTo(20)) await send(owner, id, `message ${index}`);
    await eventually(() => (bus.unconfirmed === 5 ? undefined : `${bus.unconfirmed} unconfirmed`));
    await world.sweepUntil(() => (bus.unconfirmed === 8 ? undefined : `${bus.unconfirmed} unconfirmed`));
    world.clock.advance(10 * sweepMs);
    expect(bus.unconfirmed).toBe(8);
    const pending = await chat.store.leasePending({ pendingSince: Number.MAX_SAFE_INTEGER, leaseMs: 0, limit: 100 });
    expect(pending).toHaveLength(20);
    bus.giveUpAll();
    bus.mood = 'up';
    await world.sweepUntil(has(chat, id, 21));
    await chat.settled();
  });

  it('publishes again, under the same id, what was published and not noted (killed before it cleared the mark)', async () => {
    let failures = 1;
    await using world = await startWorld({
      store: (store) => ({
        ...overridable(store),
        async published(row) {
          if (row.seq === 2 && failures-- > 0) throw new PlatformError('unavailable', 'away for a moment');
          await store.published(row);
        },
      }),
    });
    const { chat } = world;
    const { owner, id } = await group(chat);
    await send(owner, id, 'twice');
    const twice = () => chat.events.filter(({ event }) => event.conversationId === id && event.seq === 2);
    await world.sweepUntil(() => (twice().length === 2 ? undefined : `${twice().length} times`));
    await chat.settled();
    const [first, second] = twice();
    expect(first?.messageId).toBe(second?.messageId);
    expect(isGuid(first?.messageId ?? '')).toBe(true);
    expect(second?.name).toBe('MessageSentEvent');
    expect(seqsOf(chat.events, id)).toEqual([1, 2, 2]);
  });

  it('tells of a row that changed before anybody heard of it as of a new one', async () => {
    await using world = await startWorld();
    const { bus, chat } = world;
    const { owner, id } = await group(chat);
    await chat.settled();
    bus.mood = 'down';
    const { id: messageId } = await send(owner, id, 'helo');
    await owner.put(`/api/chat/messages/${messageId}`, { content: 'hello' });
    await failed(chat, 2);
    bus.mood = 'up';
    await world.sweepUntil(has(chat, id, 2));
    await chat.settled();
    expect(chat.events.at(-1)).toMatchObject({ name: 'MessageSentEvent', event: { seq: 3, content: 'hello' } });
    await owner.put(`/api/chat/messages/${messageId}`, { content: 'hello!' });
    await chat.settled();
    await eventually(has(chat, id, 3));
    expect(chat.events.at(-1)).toMatchObject({ name: 'MessageChangedEvent', event: { seq: 4, content: 'hello!' } });
  });

  it('tells of the conversation only with the rows that it shows', async () => {
    await using world = await startWorld();
    const { chat, clock } = world;
    const { owner, id } = await group(chat);
    clock.advance(1);
    const old = await send(owner, id, 'old');
    clock.advance(1);
    const last = await send(owner, id, 'last');
    await owner.put(`/api/chat/messages/${old.id}`, { content: 'old, edited' });
    await owner.put(`/api/chat/messages/${last.id}`, { content: 'last, edited' });
    await owner.delete(`/api/chat/messages/${last.id}`);
    await eventually(has(chat, id, 6));
    const told = chat.events.slice(-5).map(({ event }) => event.conversation?.lastMessageContent ?? null);
    expect(told).toEqual(['old', 'last', null, 'last, edited', 'old, edited']);
  });
});

describe('recipients', () => {
  const events = (chat: TestChat, id: string) =>
    chat.events.filter(({ event }) => event.conversationId === id).map(({ event }) => event);

  it('are the members of a small conversation as it is after the row', async () => {
    await using world = await startWorld();
    const { chat } = world;
    const { owner, others, id } = await group(chat, 3);
    const [bob, carol] = others as [Person, Person];
    await owner.delete(`/api/chat/conversations/${id}/participants/${carol.id}`);
    await send(owner, id, 'without carol');
    const dave = chat.person('dave');
    await owner.post(`/api/chat/conversations/${id}/participants`, { userIds: [dave.id] });
    await send(owner, id, 'with dave');
    await eventually(has(chat, id, 5));
    const recipients = events(chat, id).map(({ recipientIds }) => new Set(recipientIds));
    const [old, present, next] = [
      [owner, bob, carol],
      [owner, bob],
      [owner, bob, dave],
    ].map((people) => new Set(people.map(({ id: user }) => user)));
    expect(recipients).toEqual([old, present, present, next, next]);
    const versions = events(chat, id).map(({ membersVersion }) => membersVersion);
    expect(versions).toEqual([1, 2, 2, 4, 4]);
  });

  it('are nobody by name in a large one, but for the row that makes it large', async () => {
    await using world = await startWorld();
    const { chat } = world;
    const { owner, others, id } = await group(chat, smallConversation);
    const more = [chat.person('x'), chat.person('y')];
    await owner.post(`/api/chat/conversations/${id}/participants`, { userIds: more.map((person) => person.id) });
    await send(owner, id, 'to all');
    await owner.delete(`/api/chat/conversations/${id}/participants/${more[0]?.id}`);
    await send(owner, id, 'to all but one');
    await eventually(has(chat, id, 5));
    const [created, crossing, ...after] = events(chat, id).map(({ recipientIds }) => recipientIds);
    expect(created).toHaveLength(smallConversation);
    const everybody = [owner, ...others, ...more].map((person) => person.id);
    expect(crossing?.toSorted()).toEqual(everybody.toSorted());
    expect(after).toEqual([null, null, null]);
  });

  it('of a large conversation from the beginning get its first row on their own channels', async () => {
    await using world = await startWorld();
    const { chat, bus } = world;
    bus.mood = 'down';
    const { owner, others, id } = await group(chat, 1_000);
    await send(owner, id, 'to all');
    await failed(chat, 2);
    bus.mood = 'up';
    await world.sweepUntil(has(chat, id, 2));
    const [created, message] = events(chat, id);
    expect(new Set(created?.recipientIds)).toEqual(new Set([owner, ...others].map((person) => person.id)));
    expect(message?.recipientIds).toBeNull();
    expect(message?.conversation?.participants).toHaveLength(smallConversation);
    expect(message?.conversation?.participantCount).toBe(1_000);
  });

  it('are no more than hubs take, those first who knew it as a small one', async () => {
    await using world = await startWorld({ limits: { maxMembers: 2_000 } });
    const { chat, clock } = world;
    const { owner, others, id } = await group(chat, smallConversation);
    clock.advance(1);
    // By a process that dies before it tells: which of the two rows it was, nobody knows any more.
    for (const part of [1, 2]) {
      const userIds = Array.from({ length: 600 }, (_, index) => `newcomer ${part} ${index}`);
      await chat.store.addMembers(id, owner.id, userIds as never[]);
    }
    await world.sweepUntil(has(chat, id, 3));
    const before = [owner, ...others].map((person) => person.id);
    for (const { recipientIds } of events(chat, id).slice(1)) {
      expect(recipientIds).toHaveLength(1_000);
      expect(recipientIds).toEqual(expect.arrayContaining(before));
    }
  });

  it('are none where nobody is left', async () => {
    await using world = await startWorld();
    const { chat, bus } = world;
    const { owner, id } = await group(chat, 1);
    await chat.settled();
    bus.mood = 'down';
    await owner.delete(`/api/chat/conversations/${id}/participants/${owner.id}`);
    await failed(chat, 1);
    bus.mood = 'up';
    await world.sweepUntil(has(chat, id, 2));
    await chat.settled();
    expect(events(chat, id).at(-1)).toMatchObject({ recipientIds: [], conversation: null, seq: 2 });
  });
});

describe('two replicas', () => {
  async function startReplicas() {
    const folder = mkdtempSync(join(tmpdir(), 'sonixy-chat-outbox-'));
    const clock = new FakeClock();
    const open = () => openSqliteChatStore({ file: join(folder, 'chat.sqlite'), clock, log });
    const buses = [createScriptedBus(), createScriptedBus()] as const;
    const start = (bus: ScriptedBus) =>
      startTestChat({ clock, bus, store: open(), limits: { ...limits, sweepRows: 20 } });
    const [first, second] = [await start(buses[0]), await start(buses[1])];
    return {
      clock,
      buses,
      first,
      second,
      async [Symbol.asyncDispose]() {
        await first[Symbol.asyncDispose]();
        await second[Symbol.asyncDispose]();
        rmSync(folder, { recursive: true });
      },
    };
  }

  it('share what is left behind: each row is swept by one of them', async () => {
    await using world = await startReplicas();
    const { buses, first, second, clock } = world;
    buses[0].mood = 'down';
    const { owner, id } = await group(first);
    for (const index of upTo(99)) await send(owner, id, `message ${index}`);
    await failed(first, 100);
    buses[0].mood = 'up';
    await eventually(() => {
      clock.advance(sweepMs);
      const seen = [...seqsOf(first.events, id), ...seqsOf(second.events, id)];
      return seen.length >= 100 ? undefined : `${seen.length} of 100`;
    });
    await first.settled();
    const seen = [...seqsOf(first.events, id), ...seqsOf(second.events, id)];
    expect(seen.toSorted((a, b) => a - b)).toEqual(upTo(100));
  });

  it('take over from one another when a lease runs out: doubles with the same id, and no loss', async () => {
    await using world = await startReplicas();
    const { buses, first, second, clock } = world;
    buses.forEach((bus) => {
      bus.mood = 'down';
    });
    const { owner, id } = await group(first);
    for (const index of upTo(9)) await send(owner, id, `message ${index}`);
    await failed(first, 10);
    // It takes the lease, publishes, and hears nothing more.
    buses[0].mood = 'silent';
    await eventually(() => {
      clock.advance(sweepMs);
      return buses[0].unconfirmed === 10 ? undefined : `${buses[0].unconfirmed} unconfirmed`;
    });
    buses[1].mood = 'up';
    await eventually(() => {
      clock.advance(sweepMs);
      const { length } = seqsOf(second.events, id);
      return length === 10 ? undefined : `${length} of 10`;
    });
    await second.settled();
    buses[0].confirmAll();
    await eventually(() => (seqsOf(first.events, id).length === 10 ? undefined : 'not all seen'));
    const idsOf = ({ events }: TestChat) => events.map(({ messageId }) => messageId).toSorted();
    expect(idsOf(first)).toEqual(idsOf(second));
    await second.settled();
  });
});
