import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestChat } from '../chat.fixture.ts';
import { hexId, iso, type PeopledChat, send, startPeopledChat } from './people.fixture.ts';

let chat: TestChat;
let pair: PeopledChat['pair'];

beforeAll(async () => {
  ({ chat, pair } = await startPeopledChat());
});

afterAll(async () => {
  await chat?.[Symbol.asyncDispose]();
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
