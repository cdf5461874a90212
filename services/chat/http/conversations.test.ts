import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conversationStream } from '#shared/contract/ids.ts';
import { eventually } from '#test/eventually.ts';
import { type Json, type Person, startTestChat, type TestChat } from '../chat.fixture.ts';
import { hexId, iso, type PeopledChat, send, startPeopledChat } from './people.fixture.ts';

let chat: TestChat;
let pair: PeopledChat['pair'];
let group: PeopledChat['group'];

beforeAll(async () => {
  ({ chat, pair, group } = await startPeopledChat());
});

afterAll(async () => {
  await chat?.[Symbol.asyncDispose]();
});

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
