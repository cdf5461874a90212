import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallConversation } from '#shared/contract/chat-dto.ts';
import { type ConversationId, conversationStream, type StreamId } from '#shared/contract/ids.ts';
import { type Json, type Person, startTestChat, type TestChat, tokenOf } from './chat.fixture.ts';

let chat: TestChat;
let alice: Person;
let bob: Person;
let id: ConversationId;
let stream: StreamId;

const nowhere = conversationStream('0'.repeat(24) as ConversationId);

beforeAll(async () => {
  chat = await startTestChat();
  [alice, bob] = [chat.person('alice'), chat.person('bob')];
  id = (await alice.post('/api/chat/conversations', { type: 1, participantIds: [bob.id] })).body.id;
  stream = conversationStream(id);
  for (const content of ['one', 'two']) {
    await alice.post('/api/chat/messages', { conversationId: id, content, type: 0 });
  }
});

afterAll(async () => {
  await chat?.[Symbol.asyncDispose]();
});

describe('internal calls', () => {
  it('answer heads in the order of the request, also of what is no conversation', async () => {
    const streams = [nowhere, stream, `notifications:${alice.id}`, 'chat:x'];
    const head = { seq: 3, number: 3, members: 1 };
    const none = { seq: 0, number: 0, members: 0 };
    expect((await chat.internal('/internal/heads', { streams })).body).toEqual({
      epoch: await chat.store.epoch(),
      heads: [
        { stream: streams[0], ...none },
        { stream, ...head },
        { stream: streams[2], ...none },
        { stream: streams[3], ...none },
      ],
    });
  });

  it('answer changes as clients get them', async () => {
    const { body: messages } = await alice.get(`/api/chat/conversations/${id}/messages`);
    const [two] = messages;
    await alice.delete(`/api/chat/messages/${two.id}`);
    const requests = [
      { stream, after: 1 },
      { stream: nowhere, after: 0 },
      { stream, after: 99 },
    ];
    const { body } = await chat.internal('/internal/changes', { requests });
    const head = { seq: 4, number: 3, members: 1 };
    expect(body.changes).toEqual([
      {
        stream,
        rows: [
          { kind: 'message', seq: 2, number: 2, members: 1, body: expect.objectContaining({ content: 'one', seq: 2 }) },
          {
            kind: 'messageDeleted',
            seq: 4,
            number: 3,
            members: 1,
            body: { id: two.id, conversationId: id, seq: 4, number: 3 },
          },
        ],
        through: 4,
        head,
        reload: false,
      },
      { stream: nowhere, rows: [], through: 0, head: { seq: 0, number: 0, members: 0 }, reload: false },
      { stream, rows: [], through: 4, head, reload: true },
    ]);
    const [message] = body.changes[0].rows.map((row: Json) => row.body);
    expect({ ...message, readBy: [] }).toEqual(messages[1]);
    expect(await chat.service.source.changes({ requests })).toEqual(body);
  });

  it('answer who is in what, as of which version', async () => {
    const members = Array.from({ length: smallConversation }, () => chat.person().id);
    const large = (await alice.post('/api/chat/conversations', { type: 1, participantIds: members })).body.id;
    const { body } = await chat.internal('/internal/memberships', { user: alice.id });
    expect(body.memberships.toSorted((a: Json, b: Json) => Number(a.large) - Number(b.large))).toEqual([
      { stream, version: 1, large: false },
      { stream: conversationStream(large), version: 1, large: true },
    ]);
    const stranger = chat.person('stranger').id;
    const requests = [
      { stream, users: [stranger, bob.id] },
      { stream: conversationStream(large), users: [bob.id, members[3]] },
      { stream: nowhere, users: [bob.id] },
      { stream: `notifications:${bob.id}`, users: [bob.id] },
    ];
    const answer = (await chat.internal('/internal/members', { requests })).body.members;
    expect(answer).toEqual([
      { stream, version: 1, large: false, users: [bob.id], all: expect.toSatisfy((all: string[]) => all.length === 2) },
      { stream: conversationStream(large), version: 1, large: true, users: [members[3]], all: null },
      { stream: nowhere, version: 0, large: false, users: [], all: [] },
      { stream: `notifications:${bob.id}`, version: 0, large: false, users: [], all: [] },
    ]);
    expect(new Set(answer[0].all)).toEqual(new Set([alice.id, bob.id]));
  });

  it.each(['/internal/heads', '/internal/changes', '/internal/memberships', '/internal/members'])(
    'on %s are for our own services only',
    async (path) => {
      const body = { streams: [], requests: [], user: 'alice' };
      expect((await chat.internal(path, body, await tokenOf(alice.id))).status).toBe(401);
      expect((await chat.internal(path, body)).status).toBe(200);
    },
  );
});
