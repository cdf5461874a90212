import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '#shared/runtime/log.ts';
import { FakeClock } from '#test/fake-clock.ts';
import { type Json, type Person, startTestChat, type TestChat } from '../chat.fixture.ts';
import { openSqliteChatStore } from '../store/sqlite-chat-store.ts';

let chat: TestChat;
let clock: FakeClock;

beforeAll(async () => {
  clock = new FakeClock();
  const store = openSqliteChatStore({ file: ':memory:', clock, log: createLogger({ name: 'test', level: 'silent' }) });
  chat = await startTestChat({ clock, store });
});

afterAll(async () => {
  await chat?.[Symbol.asyncDispose]();
});

/** Longer than the overlap of two rounds. */
const aWhileMs = 60_000;

async function open(alice: Person, others = [chat.person()]): Promise<string> {
  clock.advance(1);
  const body = { type: 1, participantIds: others.map(({ id }) => id) };
  return (await alice.post('/api/chat/conversations', body)).body.id;
}

const say = (person: Person, conversationId: string) =>
  person.post('/api/chat/messages', { conversationId, content: 'news', type: 0 });

/** All pages of one round. */
async function round(person: Person, token?: string, limit = 100): Promise<Json> {
  const conversations: string[] = [];
  const left: string[] = [];
  for (let next = token, reload = false; ; ) {
    const { body } = await person.get(`/api/chat/sync?limit=${limit}${next ? `&token=${next}` : ''}`);
    conversations.push(...body.conversations.map(({ id }: Json) => id));
    left.push(...body.left);
    next = body.token;
    reload ||= body.reload;
    if (!body.more) return { conversations, left, token: next, reload };
  }
}

describe('GET /api/chat/sync', () => {
  it('begins with everything and goes on with what moved', async () => {
    const alice = chat.person('alice');
    const ids = [await open(alice), await open(alice), await open(alice)];
    clock.advance(aWhileMs);
    const first = await round(alice);
    expect(first).toMatchObject({ left: [], reload: false });
    expect(first.conversations.toSorted()).toEqual(ids.toSorted());
    clock.advance(aWhileMs);
    expect((await round(alice, first.token)).conversations).toEqual([]);
    await say(alice, ids[1] ?? '');
    clock.advance(5_000);
    const second = await round(alice, first.token);
    expect(second.conversations).toEqual([ids[1]]);
    clock.advance(aWhileMs);
    const third = await round(alice, second.token);
    // What happened within the overlap is told again, and then no more.
    expect(third.conversations).toEqual([ids[1]]);
    expect((await round(alice, third.token)).conversations).toEqual([]);
  });

  it('shows each conversation as the list does', async () => {
    const alice = chat.person('alice');
    await open(alice);
    const { body } = await alice.get('/api/chat/sync');
    expect(body.conversations).toEqual((await alice.get('/api/chat/conversations')).body);
    expect(body).toEqual({
      token: expect.any(String),
      conversations: [expect.objectContaining({ participantCount: 2 })],
      left: [],
      more: false,
      reload: false,
    });
  });

  it('goes page by page and misses nothing of what happens meanwhile', async () => {
    const alice = chat.person('alice');
    const ids: string[] = [];
    for (let index = 0; index < 7; index += 1) ids.push(await open(alice));
    const first = (await alice.get('/api/chat/sync?limit=3')).body;
    expect([first.conversations.length, first.more]).toEqual([3, true]);
    // Seen already, and now it moves behind what is still to come.
    clock.advance(1);
    await say(alice, first.conversations[0].id);
    const rest = await round(alice, first.token, 3);
    const seen = [...first.conversations.map(({ id }: Json) => id), ...rest.conversations];
    expect(new Set(seen)).toEqual(new Set(ids));
    expect(rest.conversations.at(-1)).toBe(first.conversations[0].id);
  });

  it('tells of conversations that one was removed from, and of those that one read elsewhere', async () => {
    const [alice, bob] = [chat.person('alice'), chat.person('bob')];
    const [kept, lost] = [await open(alice, [bob]), await open(alice, [bob])];
    clock.advance(aWhileMs);
    const { token } = await round(bob);
    clock.advance(aWhileMs);
    await alice.delete(`/api/chat/conversations/${lost}/participants/${bob.id}`);
    await say(alice, lost);
    const answer = await round(bob, token);
    expect([answer.conversations, answer.left]).toEqual([[], [lost]]);
    clock.advance(aWhileMs);
    const next = await round(bob, answer.token);
    clock.advance(aWhileMs);
    await say(alice, kept);
    await bob.post(`/api/chat/conversations/${kept}/read?number=2`);
    expect(await round(bob, next.token)).toMatchObject({ conversations: [kept], left: [] });
    expect((await round(bob)).left).toEqual([]);
  });

  it('tells the holder of a token of another life everything, and to forget what he has', async () => {
    const alice = chat.person('alice');
    const id = await open(alice);
    clock.advance(aWhileMs);
    const { token } = await round(alice);
    clock.advance(aWhileMs);
    await chat.store.newEpoch();
    const answer = await round(alice, token);
    expect(answer).toMatchObject({ conversations: [id], reload: true });
    expect(await round(alice, answer.token)).toMatchObject({ reload: false });
  });

  it('is not fooled by a token of the future', async () => {
    const alice = chat.person('alice');
    const id = await open(alice);
    const epoch = await chat.store.epoch();
    expect((await round(alice, `${epoch}.zzzzzzzzz.zzzzzzzzz`)).conversations).toEqual([id]);
  });

  it.each(['token=x', 'token=e.1', 'token=e.1.2&token=e.1.2', 'token[$gt]=', 'limit=0'])(
    'refuses ?%s',
    async (query) => {
      expect((await chat.person().get(`/api/chat/sync?${query}`)).status).toBe(400);
    },
  );
});
