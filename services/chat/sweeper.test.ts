import { describe, expect, it } from 'vitest';
import { type ConversationId, conversationStream } from '#shared/contract/ids.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { eventually } from '#test/eventually.ts';
import { FakeClock } from '#test/fake-clock.ts';
import { newUser, overridable, type Person, startTestChat, type TestChat } from './chat.fixture.ts';
import { createScriptedBus } from './outbox/scripted-bus.fixture.ts';
import type { Changed, ChatStore } from './store/chat-store.ts';
import { openSqliteChatStore } from './store/sqlite-chat-store.ts';

const log = createLogger({ name: 'test', level: 'silent' });

async function start(change: (store: ChatStore) => Partial<ChatStore> = () => ({}), bus = createScriptedBus()) {
  const clock = new FakeClock();
  const sqlite = openSqliteChatStore({ file: ':memory:', clock, log });
  const store = { ...overridable(sqlite), ...change(sqlite) };
  const chat = await startTestChat({ clock, store, bus, limits: { sweepEveryMs: 1_000, sweepGraceMs: 5_000 } });
  return { clock, chat, sqlite, bus };
}

async function group(chat: TestChat): Promise<{ owner: Person; id: ConversationId }> {
  const owner = chat.person('owner');
  const { body } = await owner.post('/api/chat/conversations', { type: 1, participantIds: [newUser()] });
  await chat.settled();
  return { owner, id: body.id };
}

const swept = (clock: FakeClock, check: () => string | undefined) =>
  eventually(() => {
    clock.advance(7_000);
    return check();
  });

describe('the sweeper', () => {
  it('tells of a member whose process died right after it stored him', async () => {
    const { clock, chat, sqlite } = await start();
    await using _chat = chat;
    const { owner, id } = await group(chat);
    const carol = newUser('carol');
    const signals = await chat.signalsOf(carol);
    // As far as the dead one came.
    const changed = await sqlite.addMembers(id, owner.id, [carol]);
    await swept(clock, () => (signals.length > 0 ? undefined : 'no signal'));
    expect(signals[0]).toEqual({
      kind: 'membership',
      stream: conversationStream(id),
      user: carol,
      version: changed?.row?.members,
    });
    await chat.settled();
    await eventually(() => (chat.events.at(-1)?.event.seq === 2 ? undefined : 'no event'));
    expect(chat.events.at(-1)?.event.recipientIds).toContain(carol);
  });

  it('tells of the membership changes that the store finishes for others', async () => {
    const finished: Changed[] = [];
    const asked: number[] = [];
    const { clock, chat, sqlite } = await start(() => ({
      async finishMemberships({ begunBefore }) {
        asked.push(begunBefore);
        return finished.splice(0);
      },
    }));
    await using _chat = chat;
    const { owner, id } = await group(chat);
    const carol = newUser('carol');
    const signals = await chat.signalsOf(carol);
    const before = clock.now();
    const changed = await sqlite.addMembers(id, owner.id, [carol]);
    if (changed) finished.push(changed);
    clock.advance(1_200);
    await eventually(() => (signals.length === 1 ? undefined : `${signals.length} signals`));
    await eventually(() => (chat.events.at(-1)?.event.seq === 2 ? undefined : 'no event'));
    expect(asked[0]).toBeLessThanOrEqual(before - 3_800);
  });

  it('goes on after an outage of the store', async () => {
    let failures = 3;
    const { clock, chat, sqlite } = await start((store) => ({
      async now() {
        if (failures-- > 0) throw new Error('away');
        return store.now();
      },
    }));
    await using _chat = chat;
    const { owner, id } = await group(chat);
    await sqlite.rename(id, owner.id, 'another name');
    await swept(clock, () => (chat.events.at(-1)?.event.seq === 2 ? undefined : 'no event'));
    expect(failures).toBeLessThan(0);
  });

  it('takes nothing from others while its bus is down', async () => {
    let sweeps = 0;
    const { clock, chat, sqlite, bus } = await start((store) => ({
      async finishMemberships(options) {
        sweeps += 1;
        return store.finishMemberships(options);
      },
    }));
    await using _chat = chat;
    const { owner, id } = await group(chat);
    await sqlite.rename(id, owner.id, 'another name');
    bus.mood = 'down';
    await swept(clock, () => (sweeps >= 3 ? undefined : `${sweeps} sweeps`));
    const now = { pendingSince: Number.MAX_SAFE_INTEGER, leaseMs: 0, limit: 10 };
    expect(await sqlite.leasePending(now)).toHaveLength(1);
    bus.mood = 'up';
    await swept(clock, () => (chat.events.length === 2 ? undefined : 'no event'));
  });

  it('leaves alone what is young: its writer is at it', async () => {
    const { clock, chat, sqlite } = await start();
    await using _chat = chat;
    const { owner, id } = await group(chat);
    let sweeps = 0;
    const leasePending = sqlite.leasePending.bind(sqlite);
    sqlite.leasePending = async (request) => {
      sweeps += 1;
      return leasePending(request);
    };
    await sqlite.rename(id, owner.id, 'another name');
    for (let round = 0; round < 3; round += 1) {
      const before = sweeps;
      clock.advance(1_200);
      await eventually(() => (sweeps > before ? undefined : 'no sweep yet'));
    }
    expect(chat.events).toHaveLength(1);
    await swept(clock, () => (chat.events.length === 2 ? undefined : 'no event'));
  });
});
