import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { ConversationId } from '#shared/contract/ids.ts';
import { type Person, startTestChat, type TestChat, tokenOf } from '../chat.fixture.ts';
import { routes } from './routes.ts';

/** What a database or a query parser could take for more than a value. */
const payloads: readonly unknown[] = [
  { $ne: null },
  { $gt: '' },
  { $where: 'sleep(1000)' },
  { $regex: '.*' },
  { 'a.b': 1 },
  [{ $ne: null }],
  ['x', { $gt: '' }],
  { constructor: { prototype: { polluted: true } } },
  { toString: 1 },
  true,
  -1,
  1.5,
  1e308,
  [],
  {},
  [[[]]],
];

/** Bodies that are accepted, by route. */
const goodBodies: Record<string, object> = {
  'post /api/chat/conversations': { type: 1, participantIds: ['somebody'], name: 'a name' },
  'put /api/chat/conversations/:id': { name: 'a name' },
  'post /api/chat/conversations/:id/participants': { userIds: ['somebody'] },
  'put /api/chat/conversations/:id/participants/:userId': { role: 'member' },
  'post /api/chat/messages': { conversationId: 'ID', content: 'text', type: 0, clientMessageId: 'id' },
  'put /api/chat/messages/:id': { content: 'text' },
};

const withBody = routes.filter(({ body }) => body !== undefined);
const withQuery = routes.filter(({ query }) => query !== undefined);

let chat: TestChat;
let alice: Person;
let bob: Person;
let id: ConversationId;
let messageId: string;

beforeAll(async () => {
  chat = await startTestChat({ limits: { sweepEveryMs: 600_000 } });
  [alice, bob] = [chat.person('alice'), chat.person('bob')];
  const { body } = await alice.post('/api/chat/conversations', { type: 1, participantIds: [bob.id] });
  id = body.id;
  messageId = (await alice.post('/api/chat/messages', { conversationId: id, content: 'first', type: 0 })).body.id;
});

afterAll(async () => {
  await chat?.[Symbol.asyncDispose]();
});

function target(path: string): string {
  return path
    .replace('messages/:id', `messages/${messageId}`)
    .replace(':id', id)
    .replace(':userId', encodeURIComponent(bob.id));
}

function goodBody(key: string): Record<string, unknown> {
  const body = goodBodies[key];
  if (!body) throw new Error(`no body is known that ${key} takes`);
  return JSON.parse(JSON.stringify(body).replace('"ID"', JSON.stringify(id)));
}

async function headOf(): Promise<number | undefined> {
  return (await chat.store.heads([id]))[0]?.seq;
}

async function raw(method: string, path: string, body: string): Promise<{ status: number; text: string }> {
  return chat.call(method.toUpperCase(), path, {
    headers: { authorization: `Bearer ${await tokenOf(alice.id)}`, 'content-type': 'application/json' },
    body,
  });
}

describe('bodies (S10)', () => {
  const fields = withBody.flatMap(({ method, path, body }) =>
    Object.keys(shapeOf(body)).map((field) => ({ method, path, key: `${method} ${path}`, field })),
  );

  it('are known for every route that takes one', () => {
    expect(Object.keys(goodBodies).sort()).toEqual(withBody.map(({ method, path }) => `${method} ${path}`).sort());
    for (const { method, path, body } of withBody) {
      expect(Object.keys(goodBody(`${method} ${path}`)).sort()).toEqual(Object.keys(shapeOf(body)).sort());
    }
  });

  it.each(fields)('$key refuses every payload in $field, and changes nothing', async ({ method, path, key, field }) => {
    const before = await headOf();
    for (const payload of payloads) {
      const fits =
        (field === 'participantIds' || field === 'userIds') && Array.isArray(payload) && payload.length === 0;
      if (fits && field === 'participantIds') continue;
      const body = { ...goodBody(key), [field]: payload };
      const answer = await alice.call(method.toUpperCase(), target(path), body);
      expect([JSON.stringify(payload), answer.status, answer.body.code]).toEqual([
        JSON.stringify(payload),
        400,
        'bad_request',
      ]);
      expect(answer.text).not.toMatch(/sleep|polluted/);
    }
    expect(await headOf()).toBe(before);
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it.each(withBody.map(({ method, path }) => ({ method, path, key: `${method} ${path}` })))(
    '$key takes what it is for, and refuses forbidden keys beside it',
    async ({ method, path, key }) => {
      const text = JSON.stringify(goodBody(key)).slice(1);
      for (const member of ['"__proto__":{"x":1}', '"constructor":1', '"prototype":1', '"$set":{}', '"a.b":1']) {
        expect((await raw(method, target(path), `{${member},${text}`)).status).toBe(400);
      }
      for (const body of ['', '[]', 'null', '"x"', '1', '{', '{"a":}']) {
        expect([body, (await raw(method, target(path), body)).status]).toEqual([body, 400]);
      }
      expect([200, 201]).toContain((await raw(method, target(path), `{"extra":1,${text}`)).status);
    },
  );
});

describe('fields that no body has (S10)', () => {
  const extra = {
    id: '0'.repeat(24),
    ownerId: 'mallory-extra',
    senderId: 'mallory-extra',
    createdBy: 'mallory-extra',
    role: 'owner',
    seq: 99_999,
    number: 99_999,
    members: 99_999,
    system: { action: 'left', userId: 'mallory-extra' },
    extra: 'mallory-extra',
  };

  it.each(withBody.map(({ method, path }) => ({ method, path, key: `${method} ${path}` })))(
    '$key stores nothing of what it does not know',
    async ({ method, path, key }) => {
      const known = goodBody(key);
      const answer = await alice.call(method.toUpperCase(), target(path), { ...extra, ...known });
      expect([200, 201]).toContain(answer.status);
      const conversations = await alice.get('/api/chat/conversations');
      const rows = await Promise.all(
        conversations.body.map(({ id: of }: { id: string }) => alice.get(`/api/chat/conversations/${of}/messages`)),
      );
      const stored = [answer, conversations, ...rows].map(({ text }) => text).join();
      expect(stored).toContain(alice.id);
      expect(stored).not.toMatch(/mallory-extra|99999|0{24}/);
    },
  );
});

describe('queries (S10)', () => {
  it.each(
    withQuery.flatMap(({ method, path, query }) =>
      Object.keys(query?.shape ?? {}).map((name) => ({ method, path, name })),
    ),
  )('$method $path refuses lists and objects as $name', async ({ method, path, name }) => {
    const before = await headOf();
    for (const query of [`${name}[$ne]=1`, `${name}[]=1`, `${name}=1&${name}=2`, `${name}.x=1`, `$where=1`]) {
      const answer = await alice.call(method.toUpperCase(), `${target(path)}?${query}`);
      expect([query, answer.status]).toEqual([query, 400]);
    }
    expect(await headOf()).toBe(before);
  });
});

describe('sizes (S7)', () => {
  const path = '/api/chat/messages';
  const limit = 64 * 1024;

  /** A good body of exactly so many bytes: the rest is a field that nobody reads. */
  function bodyOf(bytes: number): string {
    const head = `${JSON.stringify({ conversationId: id, content: 'x', type: 0 }).slice(0, -1)},"more":"`;
    return `${head}${'x'.repeat(bytes - head.length - 2)}"}`;
  }

  it('are taken up to the limit and refused from there', async () => {
    expect((await raw('post', path, bodyOf(limit))).status).toBe(201);
    expect((await raw('post', path, bodyOf(limit + 1))).status).toBe(413);
    expect((await raw('post', path, bodyOf(limit * 100))).status).toBe(413);
  });

  it('are counted in a body that comes in pieces, too', async () => {
    const headers = { authorization: `Bearer ${await tokenOf(alice.id)}`, 'content-type': 'application/json' };
    const pieces = async (text: string) =>
      chat.call('POST', path, { headers, body: new Blob([text]).stream(), duplex: 'half' } as RequestInit);
    expect((await pieces(bodyOf(limit))).status).toBe(201);
    expect((await pieces(bodyOf(limit + 1))).status).toBe(413);
  });

  it('fit the longest message in its longest writing', async () => {
    const escaped = '\\u6f22'.repeat(10_000);
    const body = `{"conversationId":"${id}","content":"${escaped}","type":0}`;
    expect((await raw('post', path, body)).status).toBe(201);
  });

  it.each([
    ['deep', `{"content":${'['.repeat(10_000)}${']'.repeat(10_000)}}`],
    ['long', `{"content":[${'0,'.repeat(20_000)}0]}`],
    ['compressed', '{}'],
  ])('of what is %s are refused', async (what, body) => {
    const headers = { authorization: `Bearer ${await tokenOf(alice.id)}`, 'content-type': 'application/json' };
    const encoding = what === 'compressed' ? { 'content-encoding': 'gzip' } : {};
    const answer = await chat.call('POST', path, { headers: { ...headers, ...encoding }, body });
    expect(answer.status).toBe(what === 'compressed' ? 415 : 400);
    expect((await alice.get('/api/chat/conversations')).status).toBe(200);
  });
});

/** The fields that a body's schema reads. */
function shapeOf(schema: z.ZodType | undefined): Readonly<Record<string, unknown>> {
  return (schema as z.ZodObject).shape;
}
