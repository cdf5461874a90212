import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallConversation } from '#shared/contract/chat-dto.ts';
import { type ConversationId, conversationStream, maxUserIdLength, type StreamId } from '#shared/contract/ids.ts';
import { maxUsersAsked } from '#shared/contract/internal-calls.ts';
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
    expect(body.epoch).toBe(await chat.store.epoch());
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

  it('answer who came into what since the last answer, and that it is unknown to a new life', async () => {
    const path = '/internal/memberships-since';
    const [carol, dave] = [chat.person('carol'), chat.person('dave')];
    const users = [carol.id, dave.id];
    const ask = async (since: string | null) => (await chat.internal(path, { users, since })).body;
    const first = await ask(null);
    expect(first).toEqual({ token: expect.any(String), memberships: [], reload: true });
    const made = await carol.post('/api/chat/conversations', { type: 1, participantIds: [bob.id] });
    const second = await ask(first.token);
    const memberships = [{ user: carol.id, stream: conversationStream(made.body.id), isIn: true }];
    expect(second).toEqual({ token: expect.any(String), memberships, reload: false });
    expect(await chat.service.source.membershipsSince({ users, since: second.token })).toMatchObject({ memberships });
    await carol.delete(`/api/chat/conversations/${made.body.id}/participants/${carol.id}`);
    expect((await ask(second.token)).memberships).toEqual([{ ...memberships[0], isIn: false }]);
    for (const since of ['x', `${await chat.store.newEpoch()}x.0.0`, second.token]) {
      expect(await ask(since)).toEqual({ token: expect.any(String), memberships: [], reload: true });
    }
  });

  it('answer about as many users with one call as hubs ask about, whatever they are called', async () => {
    const crowd = Array.from({ length: maxUsersAsked + 1 }, (_, index) => `${'ü'.repeat(maxUserIdLength - 4)}${index}`);
    const ask = async (count: number) => {
      const users = crowd.slice(0, count);
      const since = await chat.internal('/internal/memberships-since', { users, since: null });
      const members = await chat.internal('/internal/members', { requests: [{ stream, users }] });
      return [since.status, members.status];
    };
    expect(await ask(maxUsersAsked)).toEqual([200, 200]);
    expect(await ask(maxUsersAsked + 1)).toEqual([400, 400]);
  });

  it.each(['heads', 'changes', 'memberships', 'memberships-since', 'members'])(
    'on /internal/%s are for our own services only',
    async (call) => {
      const body = { streams: [], requests: [], user: 'alice', users: [], since: null };
      expect((await chat.internal(`/internal/${call}`, body, await tokenOf(alice.id))).status).toBe(401);
      expect((await chat.internal(`/internal/${call}`, body)).status).toBe(200);
    },
  );
});
