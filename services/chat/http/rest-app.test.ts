import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallConversation } from '#shared/contract/chat-dto.ts';
import { type ConversationId, conversationStream } from '#shared/contract/ids.ts';
import { streamChannel } from '#shared/contract/names.ts';
import { decodeSignalFrame } from '#shared/contract/signal-frame.ts';
import { eventually } from '#test/eventually.ts';
import { type Json, type Person, startTestChat, type TestChat } from '../chat.fixture.ts';

let chat: TestChat;

beforeAll(async () => {
  chat = await startTestChat({ limits: { sweepEveryMs: 600_000 } });
});

afterAll(async () => {
  await chat?.[Symbol.asyncDispose]();
});

const iso = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const hexId = /^[0-9a-f]{24}$/;

async function pair(): Promise<{ alice: Person; bob: Person; id: string }> {
  const [alice, bob] = [chat.person('alice'), chat.person('bob')];
  const { body } = await alice.post('/api/chat/conversations', { type: 0, participantIds: [bob.id] });
  return { alice, bob, id: body.id };
}

/** alice owns it, bob is a member. */
async function group(others: readonly Person[] = []): Promise<{ alice: Person; bob: Person; id: string }> {
  const [alice, bob] = [chat.person('alice'), chat.person('bob')];
  const participantIds = [bob, ...others].map(({ id }) => id);
  const { body } = await alice.post('/api/chat/conversations', { type: 1, participantIds, name: 'a group' });
  return { alice, bob, id: body.id };
}

const send = async (person: Person, conversationId: string, content = 'hello', more: object = {}) =>
  (await person.post('/api/chat/messages', { conversationId, content, type: 0, ...more })).body;

describe('POST /api/chat/conversations', () => {
  it('opens a private conversation with what Sonixy answers, and more', async () => {
    const [alice, bob] = [chat.person('alice'), chat.person('bob')];
    const { status, body } = await alice.post('/api/chat/conversations', { type: 0, participantIds: [bob.id] });
    expect(status).toBe(201);
    const participant = (userId: string) => ({
      userId,
      joinedAt: expect.stringMatching(iso),
      displayName: null,
      avatarUrl: null,
      role: 'member',
      readThrough: 1,
    });
    expect(body).toEqual({
      id: expect.stringMatching(hexId),
      type: 0,
      name: null,
      createdAt: expect.stringMatching(iso),
      lastMessageAt: expect.stringMatching(iso),
      lastMessageContent: 'started the conversation',
      lastMessageSenderId: alice.id,
      lastMessageType: 3,
      participants: expect.toSatisfy((list: Json[]) => list.length === 2),
      participantCount: 2,
      unreadCount: 0,
      readThrough: 1,
      number: 1,
      cursor: expect.any(String),
    });
    expect(body.participants).toEqual(expect.arrayContaining([participant(alice.id), participant(bob.id)]));
    expect((await bob.get(`/api/chat/conversations/${body.id}`)).body).toMatchObject({ id: body.id });
  });

  it('opens one conversation for a pair, whoever asks, how often and at once', async () => {
    const [alice, bob] = [chat.person('alice'), chat.person('bob')];
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, index) => {
        const [me, other] = index % 2 ? [alice, bob] : [bob, alice];
        return me.post('/api/chat/conversations', { type: 0, participantIds: [other.id, me.id, other.id] });
      }),
    );
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 200, 200, 200, 201]);
    const again = await alice.post('/api/chat/conversations', { type: 0, participantIds: [bob.id] });
    expect([again.status, again.body.id]).toEqual([200, answers[0]?.body.id]);
    const other = await alice.post('/api/chat/conversations', { type: 0, participantIds: [chat.person().id] });
    expect([other.status, other.body.id === again.body.id]).toEqual([201, false]);
  });

  it('tells the hubs of everybody who is in now, once', async () => {
    const [alice, bob] = [chat.person('alice'), chat.person('bob')];
    const signals = [await chat.signalsOf(alice.id), await chat.signalsOf(bob.id)];
    const open = () => alice.post('/api/chat/conversations', { type: 0, participantIds: [bob.id] });
    const { body } = await open();
    await eventually(() => (signals.every(({ length }) => length === 1) ? undefined : 'not told yet'));
    const stream = conversationStream(body.id);
    expect(signals).toEqual([
      [{ kind: 'membership', stream, user: alice.id, version: 1 }],
      [{ kind: 'membership', stream, user: bob.id, version: 1 }],
    ]);
    await open();
    await bob.post(`/api/chat/conversations/${body.id}/read?number=1`);
    expect(signals.flat()).toHaveLength(2);
  });

  it('makes a new group each time, owned by its creator', async () => {
    const [alice, bob] = [chat.person('alice'), chat.person('bob')];
    const make = () => alice.post('/api/chat/conversations', { type: 1, participantIds: [bob.id], name: 'friends' });
    const [first, second] = [await make(), await make()];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(first.body.id).not.toBe(second.body.id);
    expect(first.body).toMatchObject({ type: 1, name: 'friends', participantCount: 2 });
    const roles = first.body.participants.map(({ userId, role }: Json) => [userId, role]);
    expect(roles).toEqual(
      expect.arrayContaining([
        [alice.id, 'owner'],
        [bob.id, 'member'],
      ]),
    );
  });

  it.each([
    ['nobody', (me: Person) => ({ type: 0, participantIds: [me.id] }), 'participantIds'],
    ['two others', () => ({ type: 0, participantIds: ['x', 'y'] }), 'participantIds'],
    ['a name for a pair', () => ({ type: 0, participantIds: ['x'], name: 'x' }), 'name'],
    ['a blank name', () => ({ type: 1, participantIds: ['x'], name: ' \t' }), 'name'],
    ['a long name', () => ({ type: 1, participantIds: ['x'], name: 'x'.repeat(101) }), 'name'],
    ['another type', () => ({ type: 2, participantIds: ['x'] }), 'type'],
    ['no list', () => ({ type: 1 }), 'participantIds'],
    ['an empty id', () => ({ type: 1, participantIds: [''] }), 'participantIds'],
    ['half a character', () => ({ type: 1, participantIds: ['\ud800'] }), 'participantIds'],
  ])('refuses %s', async (_what, body, field) => {
    const alice = chat.person('alice');
    const answer = await alice.post('/api/chat/conversations', body(alice));
    expect(answer).toMatchObject({ status: 400, body: { code: 'bad_request', error: expect.stringContaining(field) } });
  });

  it('counts the members of a group, up to the cap', async () => {
    await using small = await startTestChat({ limits: { maxMembers: 3 } });
    const alice = small.person('alice');
    const make = (...participantIds: string[]) => alice.post('/api/chat/conversations', { type: 1, participantIds });
    expect((await make('x', 'y', 'z')).status).toBe(400);
    const { status, body } = await make('x', 'y');
    expect(status).toBe(201);
    const add = (...userIds: string[]) => alice.post(`/api/chat/conversations/${body.id}/participants`, { userIds });
    expect((await add('z')).status).toBe(400);
    expect((await add('x', 'y')).status).toBe(200);
  });
});

describe('GET /api/chat/conversations', () => {
  it('lists the newest first, page by page', async () => {
    const alice = chat.person('alice');
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      const participantIds = [chat.person().id];
      ids.push((await alice.post('/api/chat/conversations', { type: 0, participantIds })).body.id);
    }
    await send(alice, ids[1] ?? '');
    const whole = await alice.get('/api/chat/conversations');
    expect(whole.headers.get('x-next-before')).toBeNull();
    expect(whole.body.map(({ id }: Json) => id).toSorted()).toEqual(ids.toSorted());
    expect(whole.body[0].id).toBe(ids[1]);
    const seen: string[] = [];
    let before = '';
    for (let pages = 0; pages < 3; pages += 1) {
      const page = await alice.get(`/api/chat/conversations?limit=2${before}`);
      seen.push(...page.body.map(({ id }: Json) => id));
      before = `&before=${page.headers.get('x-next-before')}`;
    }
    expect(before).toBe('&before=null');
    expect(seen).toEqual(whole.body.map(({ id }: Json) => id));
  });

  it('lets browsers read where the next page begins', async () => {
    const { headers } = await chat.call('GET', '/api/chat/conversations', {
      headers: { origin: 'https://good.example' },
    });
    expect(headers.get('access-control-expose-headers')).toContain('X-Next-Before');
  });

  it.each(['before=x', 'before=1.2', 'before=zz.MQ', 'limit=0', 'before=a&before=b', 'limit[$gt]=1'])(
    'refuses ?%s',
    async (query) => {
      expect((await chat.person().get(`/api/chat/conversations?${query}`)).status).toBe(400);
    },
  );
});

describe('PUT /api/chat/conversations/{id}', () => {
  it('renames a group and tells of it', async () => {
    const { alice, bob, id } = await group();
    const { status, body } = await alice.put(`/api/chat/conversations/${id}`, { name: 'another name' });
    expect([status, body.name]).toEqual([200, 'another name']);
    const [told] = (await bob.get(`/api/chat/conversations/${id}/messages`)).body;
    expect(told).toMatchObject({
      type: 3,
      senderId: alice.id,
      content: 'renamed the conversation to another name',
      system: { action: 'renamed', name: 'another name' },
    });
  });
});

describe('participants', () => {
  const paths = (id: string) => `/api/chat/conversations/${id}/participants`;

  it('are added once, told of, and see what was before', async () => {
    const { alice, bob, id } = await group();
    const carol = chat.person('carol');
    await send(alice, id, 'before carol');
    const signals = await chat.signalsOf(carol.id);
    const { status, body } = await alice.post(paths(id), { userIds: [carol.id, bob.id, carol.id] });
    expect([status, body.participantCount]).toEqual([200, 3]);
    const { body: messages } = await carol.get(`/api/chat/conversations/${id}/messages`);
    expect(messages.slice(0, 2)).toMatchObject([
      { system: { action: 'added', userIds: [carol.id] }, senderId: alice.id },
      { content: 'before carol' },
    ]);
    await eventually(() => (signals.length === 1 ? undefined : `${signals.length} signals`));
    const [heads] = await chat.store.heads([id as never]);
    const stream = conversationStream(id as never);
    expect(signals).toEqual([{ kind: 'membership', stream, user: carol.id, version: heads?.members }]);
    expect((await alice.post(paths(id), { userIds: [carol.id] })).body.number).toBe(body.number);
  });

  it('that were removed read nothing from then on, and are told', async () => {
    const { alice, bob, id } = await group();
    const message = await send(alice, id);
    const signals = await chat.signalsOf(bob.id);
    expect((await bob.get(`/api/chat/conversations/${id}/feed`)).status).toBe(200);
    const answer = await alice.delete(`${paths(id)}/${bob.id}`);
    expect([answer.status, answer.body]).toEqual([200, {}]);
    for (const path of ['', '/messages', '/feed', '/participants']) {
      expect((await bob.get(`/api/chat/conversations/${id}${path}`)).status).toBe(404);
    }
    expect((await bob.post('/api/chat/messages', { conversationId: id, content: 'x', type: 0 })).status).toBe(404);
    expect((await bob.put(`/api/chat/messages/${message.id}`, { content: 'x' })).status).toBe(404);
    expect((await bob.get('/api/chat/conversations')).body).toEqual([]);
    await eventually(() => (signals.length === 1 ? undefined : `${signals.length} signals`));
    expect(signals[0]).toMatchObject({ kind: 'membership', user: bob.id });
    expect((await alice.delete(`${paths(id)}/${bob.id}`)).status).toBe(404);
  });

  it('leave; the last owner leaves the group to somebody', async () => {
    const { alice, bob, id } = await group();
    expect((await alice.delete(`${paths(id)}/${alice.id}`)).status).toBe(200);
    expect((await alice.get(`/api/chat/conversations/${id}`)).status).toBe(404);
    const { body } = await bob.get(paths(id));
    expect(body).toMatchObject([{ userId: bob.id, role: 'owner' }]);
    const [told] = (await bob.get(`/api/chat/conversations/${id}/messages`)).body;
    expect(told).toMatchObject({ senderId: alice.id, system: { action: 'left' } });
  });

  it('get a role, and then may what it allows', async () => {
    const { alice, bob, id } = await group();
    const rename = () => bob.put(`/api/chat/conversations/${id}`, { name: 'of bob' });
    expect((await rename()).status).toBe(403);
    const { status, body } = await alice.put(`${paths(id)}/${bob.id}`, { role: 'admin' });
    expect([status, body]).toEqual([200, expect.objectContaining({ userId: bob.id, role: 'admin' })]);
    expect((await rename()).status).toBe(200);
  });

  it('are read page by page', async () => {
    const others = Array.from({ length: 5 }, () => chat.person());
    const { bob, id } = await group(others);
    const seen: string[] = [];
    for (let after = '', pages = 0; pages < 4; pages += 1) {
      const page = await bob.get(`${paths(id)}?limit=2${after}`);
      seen.push(...page.body.map(({ userId }: Json) => userId));
      after = `&after=${page.headers.get('x-next-after')}`;
    }
    expect(seen).toHaveLength(7);
    expect(new Set(seen).size).toBe(7);
  });

  it('of a private conversation stay the same', async () => {
    const { alice, bob, id } = await pair();
    expect((await alice.post(paths(id), { userIds: ['carol'] })).status).toBe(403);
    expect((await alice.delete(`${paths(id)}/${bob.id}`)).status).toBe(403);
    expect((await alice.delete(`${paths(id)}/${alice.id}`)).status).toBe(403);
    expect((await alice.put(`${paths(id)}/${bob.id}`, { role: 'admin' })).status).toBe(403);
    expect((await alice.put(`/api/chat/conversations/${id}`, { name: 'x' })).status).toBe(403);
    expect((await chat.store.heads([id as never]))[0]?.number).toBe(1);
  });
});

describe('POST /api/chat/messages', () => {
  it('answers what Sonixy answers, and more', async () => {
    const { alice, bob, id } = await pair();
    const body = { conversationId: id, content: 'hello bob', type: 0, clientMessageId: 'c1' };
    const answer = await alice.post('/api/chat/messages', body);
    expect(answer.status).toBe(201);
    const message = {
      id: expect.stringMatching(hexId),
      conversationId: id,
      senderId: alice.id,
      content: 'hello bob',
      type: 0,
      createdAt: expect.stringMatching(iso),
      editedAt: null,
      clientMessageId: 'c1',
      system: null,
      seq: 2,
      number: 2,
    };
    expect(answer.body).toEqual(message);
    const [read] = (await bob.get(`/api/chat/conversations/${id}/messages`)).body;
    expect(read).toEqual({ ...message, readBy: [] });
    expect((await bob.get('/api/chat/conversations')).body).toMatchObject([
      { id, lastMessageContent: 'hello bob', lastMessageSenderId: alice.id, lastMessageType: 0, unreadCount: 1 },
    ]);
  });

  it('takes text of 10,000 characters, images and files', async () => {
    const { alice, id } = await pair();
    const content = '\u0000é漢😀'.repeat(2_000);
    expect(await send(alice, id, content)).toMatchObject({ content, type: 0 });
    expect(await send(alice, id, 'https://x.example/a.png?b=c#d', { type: 1 })).toMatchObject({ type: 1 });
    expect(await send(alice, id, 'http://x.example/a.pdf', { type: 2 })).toMatchObject({ type: 2 });
  });

  it.each([
    ['nothing', { content: '' }],
    ['blanks', { content: ' \n\t\u00a0' }],
    ['10,001 characters', { content: 'x'.repeat(10_001) }],
    ['half a character', { content: '\ud83d' }],
    ['a system message', { type: 3, content: 'x' }],
    ['another type', { type: 4, content: 'x' }],
    ['a type in words', { type: '0', content: 'x' }],
    ['an image that is no address', { type: 1, content: 'hello' }],
    ['an image with a script', { type: 1, content: 'javascript:alert(1)' }],
    ['an image of its own', { type: 1, content: 'data:image/png;base64,AA' }],
    ['a file of somebody', { type: 2, content: 'file:///etc/passwd' }],
    ['an address with a line in it', { type: 2, content: 'https://x.example/\njavascript:x' }],
    ['an address with a quote in it', { type: 2, content: 'https://x.example/"onerror="x' }],
    ['a long address', { type: 2, content: `https://x.example/${'x'.repeat(2_048)}` }],
    ['an empty client id', { content: 'x', clientMessageId: '' }],
    ['a long client id', { content: 'x', clientMessageId: 'x'.repeat(129) }],
  ])('refuses %s and stores nothing', async (_what, change) => {
    const { alice, id } = await pair();
    const answer = await alice.post('/api/chat/messages', { conversationId: id, type: 0, ...change });
    expect(answer).toMatchObject({ status: 400, body: { code: 'bad_request' } });
    expect((await chat.store.heads([id as never]))[0]?.number).toBe(1);
  });

  it('takes no word of a client about what is the server’s (S10)', async () => {
    const { alice, id } = await pair();
    const forged = { senderId: 'mallory', seq: 99, number: 99, id: '0'.repeat(24), role: 'owner', createdAt: 'x' };
    const body = await send(alice, id, 'x', { ...forged, system: { action: 'left' }, editedAt: 'x' });
    expect(body).toMatchObject({ senderId: alice.id, seq: 2, number: 2, system: null, editedAt: null });
    expect(body.id).not.toBe(forged.id);
  });
});

describe('sending again (S12)', () => {
  it('in parallel and later answers the first message', async () => {
    const { alice, id } = await pair();
    const body = { conversationId: id, content: 'once', type: 0, clientMessageId: 'same' };
    const first = await Promise.all(Array.from({ length: 6 }, () => alice.post('/api/chat/messages', body)));
    const later = await alice.post('/api/chat/messages', body);
    for (const { status, text } of first) expect([status, text]).toEqual([201, later.text]);
    expect((await alice.get(`/api/chat/conversations/${id}/messages`)).body).toHaveLength(2);
    await chat.settled();
    expect(chat.events.filter(({ event }) => event.messageId === later.body.id)).toHaveLength(1);
  });

  it('with another body is a conflict and writes nothing', async () => {
    const { alice, bob, id } = await pair();
    const other = (await alice.post('/api/chat/conversations', { type: 1, participantIds: [bob.id] })).body.id;
    const body = { conversationId: id, content: 'once', type: 0, clientMessageId: 'same' };
    const { text } = await alice.post('/api/chat/messages', body);
    for (const change of [{ content: 'twice' }, { conversationId: other }, { content: 'https://x.example', type: 1 }]) {
      const answer = await alice.post('/api/chat/messages', { ...body, ...change });
      expect(answer).toMatchObject({ status: 409, body: { code: 'conflict' } });
    }
    expect((await alice.get(`/api/chat/conversations/${id}/messages`)).body).toHaveLength(2);
    expect((await alice.get(`/api/chat/conversations/${other}/messages`)).body).toHaveLength(1);
    expect((await alice.post('/api/chat/messages', body)).text).toBe(text);
  });

  it('is another matter for another user', async () => {
    const { alice, bob, id } = await pair();
    const body = { conversationId: id, content: 'mine', type: 0, clientMessageId: 'same' };
    const [mine, theirs] = [await alice.post('/api/chat/messages', body), await bob.post('/api/chat/messages', body)];
    expect([mine.status, theirs.status]).toEqual([201, 201]);
    expect(mine.body.id).not.toBe(theirs.body.id);
  });

  it('without an id is a new message', async () => {
    const { alice, id } = await pair();
    expect((await send(alice, id)).id).not.toBe((await send(alice, id)).id);
  });

  it('what was deleted since is a conflict', async () => {
    const { alice, id } = await pair();
    const sent = await send(alice, id, 'gone', { clientMessageId: 'gone' });
    await alice.delete(`/api/chat/messages/${sent.id}`);
    const body = { conversationId: id, content: 'gone', type: 0, clientMessageId: 'gone' };
    expect((await alice.post('/api/chat/messages', body)).status).toBe(409);
  });
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

  it.each(['after=x', 'after=a.b.c', 'after=a.1&after=a.2', 'after[$gt]=1', 'limit=0'])(
    'refuses ?%s',
    async (query) => {
      const { alice, id } = await pair();
      expect((await alice.get(`/api/chat/conversations/${id}/feed?${query}`)).status).toBe(400);
    },
  );
});

describe('every answer', () => {
  it.each([
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    '{{constructor.constructor("alert(1)")()}}',
    "' OR 1=1; DROP TABLE messages; --",
    '\u202e\u0000\u2028 </script>',
  ])('gives %j back as it came, as data (S11)', async (content) => {
    const { alice, bob, id } = await pair();
    const { headers, body } = await alice.post('/api/chat/messages', { conversationId: id, content, type: 0 });
    expect(body.content).toBe(content);
    const read = await bob.get(`/api/chat/conversations/${id}/messages?limit=1`);
    expect(read.body[0].content).toBe(content);
    for (const of of [headers, read.headers]) {
      expect(of.get('content-type')).toMatch(/^application\/json/);
      expect(of.get('x-content-type-options')).toBe('nosniff');
    }
  });
});
