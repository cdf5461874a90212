import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallConversation } from '#shared/contract/chat-dto.ts';
import { type ConversationId, conversationStream } from '#shared/contract/ids.ts';
import { streamChannel } from '#shared/contract/names.ts';
import { decodeSignalFrame } from '#shared/contract/signal-frame.ts';
import { eventually } from '#test/eventually.ts';
import type { Json, TestChat } from '../chat.fixture.ts';
import { iso, type PeopledChat, send, startPeopledChat } from './people.fixture.ts';

let chat: TestChat;
let pair: PeopledChat['pair'];
let group: PeopledChat['group'];

beforeAll(async () => {
  ({ chat, pair, group } = await startPeopledChat());
});

afterAll(async () => {
  await chat?.[Symbol.asyncDispose]();
});

describe('GET /api/chat/conversations/{id}/messages', () => {
  it('reads back from the newest, by number or by id', async () => {
    const { alice, bob, id } = await pair();
    const sent: Json[] = [];
    for (let index = 0; index < 25; index += 1) sent.push(await send(alice, id, `message ${index}`));
    const numbers = async (query: string) =>
      (await bob.get(`/api/chat/conversations/${id}/messages${query}`)).body.map(({ number }: Json) => number);
    const down = (from: number, count: number) => Array.from({ length: count }, (_, index) => from - index);
    expect(await numbers('')).toEqual(down(26, 20));
    expect(await numbers('?before=7')).toEqual(down(6, 6));
    expect(await numbers(`?beforeId=${sent[4].id}&limit=3`)).toEqual([5, 4, 3]);
    expect(await numbers(`?beforeId=${String(sent[4].id).toUpperCase()}&limit=1`)).toEqual([5]);
    expect(await numbers('?limit=5000')).toEqual(down(26, 26));
    expect(await numbers('?before=1')).toEqual([]);
    expect(await numbers(`?beforeId=${'0'.repeat(24)}`)).toEqual([]);
    expect(await numbers('?beforeId=temp-1')).toEqual([]);
    const elsewhere = await pair();
    const foreign = await send(elsewhere.alice, elsewhere.id);
    expect(await numbers(`?beforeId=${foreign.id}`)).toEqual([]);
  });

  it('leaves deleted ones out, also as the place to read from', async () => {
    const { alice, id } = await pair();
    const [first, second] = [await send(alice, id, 'one'), await send(alice, id, 'two')];
    await alice.delete(`/api/chat/messages/${second.id}`);
    const read = async (query: string) =>
      (await alice.get(`/api/chat/conversations/${id}/messages${query}`)).body.map(({ content }: Json) => content);
    expect(await read('')).toEqual(['one', 'started the conversation']);
    expect(await read(`?beforeId=${second.id}&limit=1`)).toEqual([first.content]);
  });

  it('names who has read', async () => {
    const { alice, bob, id } = await pair();
    const [first, second] = [await send(alice, id, 'one'), await send(alice, id, 'two')];
    await bob.post(`/api/chat/conversations/${id}/read?messageId=${first.id}`);
    const { body } = await alice.get(`/api/chat/conversations/${id}/messages?limit=2`);
    expect(body.map(({ id: of, readBy }: Json) => [of, readBy])).toEqual([
      [second.id, []],
      [first.id, [bob.id]],
    ]);
  });

  it.each(['before=0', 'before=x', 'limit=0', 'limit=1&limit=2', 'beforeId[$ne]=1', 'beforeId=1&beforeId=2'])(
    'refuses ?%s',
    async (query) => {
      const { alice, id } = await pair();
      expect((await alice.get(`/api/chat/conversations/${id}/messages?${query}`)).status).toBe(400);
    },
  );
});

describe('PUT and DELETE /api/chat/messages/{id}', () => {
  it('edits what one has sent', async () => {
    const { alice, bob, id } = await pair();
    const sent = await send(alice, id, 'helo');
    await chat.settled();
    const { status, body } = await alice.put(`/api/chat/messages/${sent.id}`, { content: 'hello' });
    expect(status).toBe(200);
    expect(body).toEqual({ ...sent, content: 'hello', editedAt: expect.stringMatching(iso), seq: 3 });
    const again = await alice.put(`/api/chat/messages/${sent.id}`, { content: 'hello' });
    expect(again.body).toEqual(body);
    expect((await bob.put(`/api/chat/messages/${sent.id}`, { content: 'x' })).status).toBe(403);
    await chat.settled();
    const events = chat.events.filter(({ event }) => event.messageId === sent.id);
    expect(events.map(({ name, event }) => [name, event.seq, event.content])).toEqual([
      ['MessageSentEvent', 2, 'helo'],
      ['MessageChangedEvent', 3, 'hello'],
    ]);
  });

  it('keeps an image an image', async () => {
    const { alice, id } = await pair();
    const sent = await send(alice, id, 'https://x.example/a.png', { type: 1 });
    const edit = (content: string) => alice.put(`/api/chat/messages/${sent.id}`, { content });
    expect((await edit('javascript:alert(1)')).status).toBe(400);
    expect((await edit('https://x.example/b.png')).status).toBe(200);
  });

  it('deletes what one has sent, once', async () => {
    const { alice, bob, id } = await pair();
    const sent = await send(alice, id, 'canary-to-delete');
    await chat.settled();
    expect((await bob.delete(`/api/chat/messages/${sent.id}`)).status).toBe(403);
    for (let times = 0; times < 2; times += 1) {
      const answer = await alice.delete(`/api/chat/messages/${sent.id}`);
      expect([answer.status, answer.body]).toEqual([200, {}]);
    }
    expect((await alice.put(`/api/chat/messages/${sent.id}`, { content: 'x' })).status).toBe(404);
    const { body } = await bob.get(`/api/chat/conversations/${id}/feed`);
    expect(body.changes.at(-1)).toEqual({
      kind: 'deleted',
      message: { id: sent.id, conversationId: id, seq: 3, number: 2 },
    });
    await chat.settled();
    const [, deleted] = chat.events.filter(({ event }) => event.messageId === sent.id);
    expect(deleted).toMatchObject({
      name: 'MessageChangedEvent',
      event: { isDeleted: true, content: '', seq: 3, conversation: { lastMessageContent: 'started the conversation' } },
    });
  });

  it('lets admins of a group delete, and nobody change what the system says', async () => {
    const { alice, bob, id } = await group();
    const sent = await send(bob, id);
    const [, system] = (await alice.get(`/api/chat/conversations/${id}/messages`)).body;
    expect((await alice.put(`/api/chat/messages/${sent.id}`, { content: 'x' })).status).toBe(403);
    expect((await alice.delete(`/api/chat/messages/${sent.id}`)).status).toBe(200);
    expect((await alice.put(`/api/chat/messages/${system.id}`, { content: 'x' })).status).toBe(403);
    expect((await alice.delete(`/api/chat/messages/${system.id}`)).status).toBe(403);
  });
});

describe('POST /api/chat/conversations/{id}/read', () => {
  it('moves on and never back, and tells the members', async () => {
    const { alice, bob, id } = await pair();
    const messages = [await send(alice, id), await send(alice, id), await send(alice, id)];
    const signals = await chat.signalsOf(alice.id);
    const read = async (query: string) => (await bob.post(`/api/chat/conversations/${id}/read?${query}`)).body;
    const state = async () => {
      const { body } = await bob.get(`/api/chat/conversations/${id}`);
      return [body.readThrough, body.unreadCount];
    };
    expect(await state()).toEqual([1, 3]);
    expect(await read(`messageId=${messages[1].id}`)).toEqual({});
    expect(await state()).toEqual([3, 1]);
    expect(await read(`messageId=${messages[0].id}`)).toEqual({});
    expect(await read('number=1')).toEqual({});
    expect(await state()).toEqual([3, 1]);
    expect(await read('number=1000000')).toEqual({});
    expect(await state()).toEqual([4, 0]);
    await eventually(() => (signals.length === 2 ? undefined : `${signals.length} signals`));
    expect(signals).toMatchObject([
      { kind: 'read', user: bob.id, readThrough: 3 },
      { kind: 'read', user: bob.id, readThrough: 4 },
    ]);
  });

  it('tells the members of a large conversation on its own channel', async () => {
    const { bob, id } = await group(Array.from({ length: smallConversation }, () => chat.person()));
    const stream = conversationStream(id as ConversationId);
    const signals: unknown[] = [];
    await chat.backplane.subscribe(streamChannel(stream), (bytes) => signals.push(decodeSignalFrame(bytes)));
    const own = await chat.signalsOf(bob.id);
    await send(bob, id);
    await bob.post(`/api/chat/conversations/${id}/read?number=2`);
    await eventually(() => (signals.length === 1 ? undefined : `${signals.length} signals`));
    expect(signals).toEqual([{ kind: 'read', stream, user: bob.id, readThrough: 2 }]);
    expect(own).toEqual([]);
  });

  it('goes by messages of that conversation only', async () => {
    const { bob, id } = await pair();
    const elsewhere = await pair();
    const foreign = await send(elsewhere.alice, elsewhere.id);
    const { status } = await bob.post(`/api/chat/conversations/${id}/read?messageId=${foreign.id}`);
    expect(status).toBe(404);
    expect((await bob.get(`/api/chat/conversations/${id}`)).body.readThrough).toBe(1);
  });

  it.each([
    ['', 400],
    ['messageId=', 400],
    ['number=-1', 400],
    ['number=x', 400],
    ['messageId=x', 404],
    [`messageId=${'0'.repeat(24)}`, 404],
  ])('answers ?%s with %i', async (query, status) => {
    const { alice, id } = await pair();
    expect((await alice.post(`/api/chat/conversations/${id}/read?${query}`)).status).toBe(status);
    expect((await alice.post(`/api/chat/conversations/${id}/read?number=1`)).status).toBe(200);
  });
});

describe('GET /api/chat/conversations/{id}/feed', () => {
  it('leads from the beginning to the head and on', async () => {
    const { alice, bob, id } = await pair();
    const sent = await send(alice, id, 'one');
    await send(alice, id, 'two');
    await alice.put(`/api/chat/messages/${sent.id}`, { content: 'uno' });
    const feed = async (query = '') => (await bob.get(`/api/chat/conversations/${id}/feed?${query}`)).body;
    const first = await feed('limit=2');
    expect(first.changes.map(({ message }: Json) => [message.seq, message.content])).toEqual([
      [1, 'started the conversation'],
      [3, 'two'],
    ]);
    const rest = await feed(`after=${first.cursor}`);
    expect(rest).toMatchObject({ changes: [{ message: { seq: 4, number: 2, content: 'uno' } }], reload: false });
    expect(rest.cursor).toBe(rest.head);
    expect(await feed(`after=${rest.cursor}`)).toEqual({ ...rest, changes: [] });
    expect(rest.head).toBe((await bob.get(`/api/chat/conversations/${id}`)).body.cursor);
    for (const after of ['other.1', `${rest.head.split('.')[0]}.zz`]) {
      expect(await feed(`after=${after}`)).toEqual({ changes: [], cursor: rest.head, head: rest.head, reload: true });
    }
  });

  it.each(['after=x', 'after=a.b.c.d', 'after=a.1&after=a.2', 'after[$gt]=1', 'limit=0'])(
    'refuses ?%s',
    async (query) => {
      const { alice, id } = await pair();
      expect((await alice.get(`/api/chat/conversations/${id}/feed?${query}`)).status).toBe(400);
    },
  );
});
