import { createServer, type Server } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { createInternalTokens } from '#shared/auth/internal-tokens.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { systemClock } from '#shared/runtime/clock.ts';
import { listen } from '#shared/runtime/listen.ts';
import { freePort } from '#test/dev-env/free-port.ts';
import { type Person, secret, startTestChat, type TestChat } from '../chat.fixture.ts';
import { createHttpFriendGraph } from './http-friend-graph.ts';

const tokens = createInternalTokens(secret, systemClock);
const parts: AsyncDisposable[] = [];

afterEach(async () => {
  for (const part of parts.splice(0).reverse()) await part[Symbol.asyncDispose]();
});

type Asked = { readonly authorization: string | undefined; readonly body: unknown };

/** A service that answers each question with `answer`; undefined: never. */
async function startGraph(answer: (asked: Asked) => { status: number; body: string } | undefined) {
  const asked: Asked[] = [];
  const server: Server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    const question = { authorization: request.headers.authorization, body: JSON.parse(text) };
    asked.push(question);
    const answered = answer(question);
    if (answered) response.writeHead(answered.status, { location: '/elsewhere' }).end(answered.body);
  });
  const listener = await listen(server, { host: '127.0.0.1', port: 0 });
  parts.push({
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await listener.close();
    },
  });
  return { url: `http://127.0.0.1:${listener.port}/friends`, asked };
}

async function startWith(url: string, timeoutMs?: number): Promise<TestChat> {
  const friends = createHttpFriendGraph({ url, tokens, ...(timeoutMs ? { timeoutMs } : {}) });
  const chat = await startTestChat({ friends });
  parts.push(chat);
  return chat;
}

const open = (person: Person, type: 0 | 1, participantIds: readonly UserId[]) =>
  person.post('/api/chat/conversations', { type, participantIds });

describe('who may talk to whom', () => {
  it('is what the service says, for pairs and for groups, at the beginning and later', async () => {
    const friends = new Set<string>();
    const { url, asked } = await startGraph(({ body }) => {
      const { otherIds } = body as { otherIds: string[] };
      return { status: 200, body: JSON.stringify({ friendIds: otherIds.filter((id) => friends.has(id)) }) };
    });
    const chat = await startWith(url);
    const [alice, bob, carol] = [chat.person('alice'), chat.person('bob'), chat.person('carol')];
    friends.add(bob.id);
    expect((await open(alice, 0, [carol.id])).body).toMatchObject({ code: 'forbidden' });
    expect((await open(alice, 1, [bob.id, carol.id])).status).toBe(403);
    expect((await alice.get('/api/chat/conversations')).body).toEqual([]);
    expect((await open(alice, 0, [bob.id])).status).toBe(201);
    const { status, body } = await open(alice, 1, [bob.id]);
    expect(status).toBe(201);
    const add = () => alice.post(`/api/chat/conversations/${body.id}/participants`, { userIds: [bob.id, carol.id] });
    expect((await add()).status).toBe(403);
    friends.add(carol.id);
    expect((await add()).status).toBe(200);
    expect(asked[0]?.body).toEqual({ userId: alice.id, otherIds: [carol.id] });
    await tokens.verify(asked[0]?.authorization?.replace('Bearer ', '') ?? '');
    expect(asked.at(-1)?.body).toEqual({ userId: alice.id, otherIds: [carol.id] });
  });

  it.each([
    ['an error', { status: 500, body: 'canary-of-the-graph' }],
    ['a redirect', { status: 302, body: '' }],
    ['no JSON', { status: 200, body: 'canary-of-the-graph' }],
    ['another shape', { status: 200, body: '{"friendIds":[{"$ne":null}]}' }],
  ])('is not guessed when the service answers with %s', async (_what, answer) => {
    const { url } = await startGraph(() => answer);
    const chat = await startWith(url);
    const alice = chat.person('alice');
    const refused = await open(alice, 0, [chat.person().id]);
    expect(refused).toMatchObject({ status: 503, body: { code: 'unavailable' } });
    expect(refused.text).not.toContain('canary');
    expect((await alice.get('/api/chat/conversations')).body).toEqual([]);
  });

  it('is not guessed when the service is silent or away', async () => {
    const { url } = await startGraph(() => undefined);
    const silent = await startWith(url, 50);
    expect((await open(silent.person(), 0, [silent.person().id])).status).toBe(503);
    const away = await startWith(`http://127.0.0.1:${await freePort()}/friends`);
    expect((await open(away.person(), 0, [away.person().id])).status).toBe(503);
  });

  it('is not asked about nobody', async () => {
    const { url, asked } = await startGraph(() => undefined);
    const chat = await startWith(url);
    expect((await open(chat.person(), 1, [])).status).toBe(201);
    expect(asked).toEqual([]);
  });
});
