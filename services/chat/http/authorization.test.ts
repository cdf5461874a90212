import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConversationId } from '#shared/contract/ids.ts';
import { type Answer, type Json, type Person, startTestChat, type TestChat, tokenOf } from '../chat.fixture.ts';
import { routes } from './routes.ts';

const roles = ['anonymous', 'stranger', 'former', 'member', 'admin', 'owner'] as const;
type Role = (typeof roles)[number];

/** A group with one of each, and what they may want to lay hands on. */
type Scene = {
  readonly people: Readonly<Record<Exclude<Role, 'anonymous'>, Person>>;
  readonly id: ConversationId;
  /** A plain member, and a message of his. */
  readonly other: Person;
  readonly messageId: string;
  readonly newcomer: Person;
};

type Request = { readonly path: string; readonly body?: object };
type Rule = {
  readonly request: (scene: Scene) => Request;
  /** Statuses of `roles`, in their order. */
  readonly statuses: readonly [number, number, number, number, number, number];
};

const base = '/api/chat/conversations';
const members = (path: (scene: Scene) => string, body?: object): Rule => ({
  request: (scene) => ({ path: path(scene), ...(body ? { body } : {}) }),
  statuses: [401, 404, 404, 200, 200, 200],
});
const everybody = (request: Rule['request'], status: number): Rule => ({
  request,
  statuses: [401, status, status, status, status, status],
});
const admins = (request: Rule['request']): Rule => ({ request, statuses: [401, 404, 404, 403, 200, 200] });

const matrix: Record<string, Rule> = {
  'post /api/chat/conversations': everybody(
    ({ newcomer }) => ({ path: base, body: { type: 0, participantIds: [newcomer.id] } }),
    201,
  ),
  'get /api/chat/conversations': everybody(() => ({ path: base }), 200),
  'get /api/chat/sync': everybody(() => ({ path: '/api/chat/sync' }), 200),
  'get /api/chat/conversations/:id': members(({ id }) => `${base}/${id}`),
  'get /api/chat/conversations/:id/participants': members(({ id }) => `${base}/${id}/participants`),
  'get /api/chat/conversations/:id/messages': members(({ id }) => `${base}/${id}/messages`),
  'get /api/chat/conversations/:id/feed': members(({ id }) => `${base}/${id}/feed`),
  'post /api/chat/conversations/:id/read': members(({ id }) => `${base}/${id}/read?number=2`),
  'post /api/chat/messages': {
    request: ({ id }) => ({ path: '/api/chat/messages', body: { conversationId: id, content: 'x', type: 0 } }),
    statuses: [401, 404, 404, 201, 201, 201],
  },
  'put /api/chat/messages/:id': {
    request: ({ messageId }) => ({ path: `/api/chat/messages/${messageId}`, body: { content: 'y' } }),
    statuses: [401, 404, 404, 403, 403, 403],
  },
  'delete /api/chat/messages/:id': admins(({ messageId }) => ({ path: `/api/chat/messages/${messageId}` })),
  'put /api/chat/conversations/:id': admins(({ id }) => ({ path: `${base}/${id}`, body: { name: 'new' } })),
  'post /api/chat/conversations/:id/participants': admins(({ id, newcomer }) => ({
    path: `${base}/${id}/participants`,
    body: { userIds: [newcomer.id] },
  })),
  'delete /api/chat/conversations/:id/participants/:userId': admins(({ id, other }) => ({
    path: `${base}/${id}/participants/${other.id}`,
  })),
  'put /api/chat/conversations/:id/participants/:userId': {
    request: ({ id, other }) => ({ path: `${base}/${id}/participants/${other.id}`, body: { role: 'admin' } }),
    statuses: [401, 404, 404, 403, 403, 200],
  },
};

let chat: TestChat;

beforeAll(async () => {
  chat = await startTestChat({ limits: { sweepEveryMs: 600_000 } });
});

afterAll(async () => {
  await chat?.[Symbol.asyncDispose]();
});

async function makeScene(): Promise<Scene> {
  const [owner, admin, member, former, other, stranger, newcomer] = [
    chat.person('owner'),
    chat.person('admin'),
    chat.person('member'),
    chat.person('former'),
    chat.person('other'),
    chat.person('stranger'),
    chat.person('newcomer'),
  ];
  const participantIds = [admin, member, former, other].map(({ id }) => id);
  const { body } = await owner.post(base, { type: 1, participantIds, name: 'canary-name' });
  const message = await other.post('/api/chat/messages', {
    conversationId: body.id,
    content: 'canary-content',
    type: 0,
  });
  await owner.put(`${base}/${body.id}/participants/${admin.id}`, { role: 'admin' });
  await owner.delete(`${base}/${body.id}/participants/${former.id}`);
  return {
    people: { owner, admin, member, former, stranger },
    id: body.id,
    other,
    messageId: message.body.id,
    newcomer,
  };
}

function callAs(scene: Scene, role: Role, method: string, { path, body }: Request): Promise<Answer> {
  if (role !== 'anonymous') return scene.people[role].call(method.toUpperCase(), path, body);
  const init = body ? { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) } : {};
  return chat.call(method.toUpperCase(), path, init);
}

async function stateOf({ id }: Scene): Promise<unknown> {
  const members = await chat.store.members(id, { after: undefined, limit: 100 });
  return [await chat.store.heads([id]), members, await chat.store.list(id, { before: undefined, limit: 100 })];
}

const cells = routes.flatMap(({ method, path }) =>
  roles.map((role, index) => ({ method, key: `${method} ${path}`, role, index })),
);

describe('the authorization matrix (S6)', () => {
  it('has every route of the code, and no other', () => {
    expect(Object.keys(matrix).sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort());
  });

  it.each(cells)('$key as $role', async ({ method, key, role, index }) => {
    const rule = matrix[key];
    if (!rule) throw new Error('the route is missing from the matrix');
    const scene = await makeScene();
    const before = await stateOf(scene);
    const answer = await callAs(scene, role, method, rule.request(scene));
    expect(answer.status).toBe(rule.statuses[index]);
    if (role === 'stranger' || role === 'former' || role === 'anonymous') {
      expect(answer.text).not.toMatch(/canary/);
      expect(answer.text).not.toContain(scene.people.owner.id);
    }
    if (answer.status >= 400) expect(await stateOf(scene)).toEqual(before);
  });

  it.each(
    routes.filter(({ path }) => path.includes(':id')).map(({ method, path }) => ({ key: `${method} ${path}`, method })),
  )('$key tells a stranger nothing about what exists', async ({ key, method }) => {
    const rule = matrix[key] as Rule;
    const scene = await makeScene();
    const there = await callAs(scene, 'stranger', method, rule.request(scene));
    for (const id of ['0'.repeat(24), scene.id.slice(0, 23).concat('x'), 'x', '%00', '%7B%22$ne%22:1%7D']) {
      const nowhere = rule.request({ ...scene, id: id as ConversationId, messageId: id });
      const missing = await callAs(scene, 'stranger', method, nowhere);
      expect([missing.status, withoutId(missing.body)]).toEqual([there.status, withoutId(there.body)]);
      expect(await callAs(scene, 'owner', method, nowhere)).toMatchObject({ status: 404 });
    }
  });
});

function withoutId({ correlationId: _, ...rest }: Json): Json {
  return rest;
}

describe('the finer rules', () => {
  it('an admin removes members, but neither admins nor owners; anybody leaves', async () => {
    const scene = await makeScene();
    const { owner, admin, member } = scene.people;
    const remove = (who: Person, whom: Person) => who.delete(`${base}/${scene.id}/participants/${whom.id}`);
    await owner.put(`${base}/${scene.id}/participants/${scene.other.id}`, { role: 'admin' });
    expect((await remove(admin, scene.other)).status).toBe(403);
    expect((await remove(admin, owner)).status).toBe(403);
    expect((await remove(member, member)).status).toBe(200);
    expect((await remove(owner, admin)).status).toBe(200);
    expect((await remove(owner, owner)).status).toBe(200);
    expect((await scene.other.get(`${base}/${scene.id}`)).body.participants).toMatchObject([
      { userId: scene.other.id, role: 'owner' },
    ]);
  });

  it('an owner changes everybody’s role but the own', async () => {
    const scene = await makeScene();
    const { owner, admin } = scene.people;
    const setRole = (who: Person, whom: Person, role: string) =>
      who.put(`${base}/${scene.id}/participants/${whom.id}`, { role });
    expect((await setRole(owner, owner, 'member')).status).toBe(403);
    expect((await setRole(owner, admin, 'owner')).status).toBe(200);
    expect((await setRole(admin, owner, 'member')).status).toBe(200);
    expect((await setRole(owner, admin, 'member')).status).toBe(403);
    expect((await setRole(admin, scene.newcomer, 'admin')).status).toBe(404);
  });
});

describe('every route', () => {
  it.each(routes.map(({ method, path }) => ({ method, key: `${method} ${path}` })))(
    '$key wants a valid token in the header',
    async ({ method, key }) => {
      const rule = matrix[key] as Rule;
      const scene = await makeScene();
      const { path, body } = rule.request(scene);
      const token = await tokenOf(scene.people.owner.id);
      const call = (headers: Record<string, string>, target = path) =>
        chat.call(method.toUpperCase(), target, {
          headers: { ...headers, 'content-type': 'application/json' },
          ...(body ? { body: JSON.stringify(body) } : {}),
        });
      for (const authorization of ['', 'Bearer ', `Bearer ${token.slice(0, -3)}AAA`, token, `Basic ${token}`]) {
        expect(await call({ authorization })).toMatchObject({ status: 401, body: { code: 'unauthorized' } });
      }
      expect((await call({ authorization: `Bearer ${await chat.internalTokens.issue()}` })).status).toBe(401);
      expect((await call({}, `${path}${path.includes('?') ? '&' : '?'}access_token=${token}`)).status).toBe(401);
      const authorization = `Bearer ${token}`;
      const [bare, query] = path.split('?');
      const slashed = await call({ authorization }, `${bare}/${query ? `?${query}` : ''}`);
      expect(slashed.status).toBe(rule.statuses[roles.indexOf('owner')]);
      expect(chat.logged()).not.toContain(token);
    },
  );

  it('answers an outage of the store with 503 and no word of the driver (S15)', async () => {
    await using closed = await startTestChat();
    await closed.store.close();
    const person = closed.person();
    const id = '0'.repeat(24);
    for (const { method, path } of routes) {
      const rule = matrix[`${method} ${path}`] as Rule;
      const scene = { id: id as ConversationId, messageId: id, other: closed.person(), newcomer: closed.person() };
      const request = rule.request({ ...scene, people: {} } as unknown as Scene);
      const answer = await person.call(method.toUpperCase(), request.path, request.body);
      expect([path, answer.status, answer.body.code]).toEqual([path, 503, 'unavailable']);
      expect(answer.text).not.toMatch(/sqlite|database|mongo|stack|\.ts/i);
    }
  });

  it('is told in the audit when it refuses, and message texts never are (S15)', async () => {
    await using own = await startTestChat();
    const [alice, bob] = [own.person('alice'), own.person('bob')];
    const { body } = await alice.post(base, { type: 0, participantIds: [bob.id] });
    const canary = 'canary-content-of-a-message';
    const sent = await alice.post('/api/chat/messages', { conversationId: body.id, content: canary, type: 0 });
    await alice.put(`/api/chat/messages/${sent.body.id}`, { content: `${canary} edited` });
    await alice.post('/api/chat/messages', { conversationId: body.id, content: canary, type: 9 });
    await own.settled();
    const refused = await bob.delete(`/api/chat/messages/${sent.body.id}`);
    expect(refused.status).toBe(403);
    await own.call('GET', base);
    const lines = own
      .logged()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    const audited = lines.filter(({ audit }) => audit);
    expect(audited.map(({ audit }) => audit)).toEqual(['forbidden', 'unauthorized']);
    expect(audited[0].correlationId).toBe(refused.body.correlationId);
    expect(own.logged()).not.toContain(canary);
    expect(await own.metrics.registry.metrics()).not.toMatch(new RegExp(`${canary}|${alice.id}|${body.id}`));
  });
});
