import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserId } from '#shared/contract/ids.ts';
import { internalPaths } from '#shared/contract/internal-calls.ts';
import { eventually } from '#test/eventually.ts';
import { like, secret, startTestNotification, type TestNotification, tokenOf } from '../notification.fixture.ts';
import { newUser } from '../store/notification-store.fixture.ts';
import { routes } from './routes.ts';

let service: TestNotification;

beforeAll(async () => {
  service = await startTestNotification();
});

afterAll(async () => {
  await service?.[Symbol.asyncDispose]();
});

async function likes(user: UserId, count: number): Promise<string[]> {
  for (let index = 0; index < count; index += 1) await service.service.consumer.handle(like(user));
  const rows = await service.store.list(user, { archived: false, offset: 0, limit: count });
  return rows.map(({ id }) => id);
}

const get = async (user: UserId, path: string) => (await service.as(user, 'GET', path)).body;

describe('GET /api/notifications', () => {
  it('answers what Sonixy answers, and the fields that its frontend misses', async () => {
    const alice = newUser();
    await likes(alice, 1);
    expect(await get(alice, '/api/notifications')).toEqual({
      items: [
        {
          id: expect.stringMatching(/^[0-9a-f]{24}$/),
          recipientId: alice,
          actorId: 'bob',
          actorName: 'Bob',
          actorAvatar: '',
          entityId: 'post-1',
          type: 0,
          status: 0,
          isRead: false,
          createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
          action: 'Like',
          entityType: 'Post',
          archived: false,
          seq: 1,
          number: 1,
        },
      ],
      unreadCount: 1,
      hasMore: false,
      cursor: expect.stringMatching(/\.1$/),
    });
  });

  it.each(['page', 'pageIndex'])('reads page by page with %s', async (name) => {
    const alice = newUser();
    await likes(alice, 12);
    const page = async (query: string) => {
      const { items, hasMore } = await get(alice, `/api/notifications?${query}`);
      return [items.map((item: { number: number }) => item.number), hasMore];
    };
    expect(await page('')).toEqual([[12, 11, 10, 9, 8, 7, 6, 5, 4, 3], true]);
    expect(await page(`${name}=2`)).toEqual([[2, 1], false]);
    expect(await page(`${name}=3&pageSize=5`)).toEqual([[2, 1], false]);
    expect(await page(`${name}=2&pageSize=6`)).toEqual([[6, 5, 4, 3, 2, 1], true]);
    expect(await page(`${name}=9`)).toEqual([[], false]);
  });

  it('caps the page size, and says whether there is more than the capped page', async () => {
    const alice = newUser();
    await likes(alice, 101);
    const { items, hasMore } = await get(alice, '/api/notifications?pageSize=5000');
    expect(items).toHaveLength(100);
    expect(hasMore).toBe(true);
    const last = await get(alice, '/api/notifications?pageSize=5000&page=2');
    expect(last.items).toHaveLength(1);
    expect(last.hasMore).toBe(false);
  });

  it('shows archived ones apart, and groups', async () => {
    const alice = newUser();
    const [newest] = await likes(alice, 3);
    await service.service.consumer.handle(like(alice, { userId: 'carol' as UserId, actorName: 'Carol' }));
    await service.as(alice, 'PUT', `/api/notifications/${newest}/archive`);
    const archived = await get(alice, '/api/notifications?archived=true');
    expect(archived.items).toMatchObject([{ id: newest, archived: true }]);
    const { groups, unreadCount, hasMore } = await get(alice, '/api/notifications?grouped=true');
    expect(groups).toMatchObject([{ action: 'Like', count: 3, others: 1, latest: { actorName: 'Carol' } }]);
    expect({ unreadCount, hasMore }).toEqual({ unreadCount: 3, hasMore: false });
    await service.service.consumer.handle(like(alice, { targetId: 'post-2' }));
    const first = await get(alice, '/api/notifications?grouped=true&pageSize=1');
    expect(first).toMatchObject({ groups: [{ entityId: 'post-2' }], hasMore: true });
    const second = await get(alice, '/api/notifications?grouped=true&pageSize=1&page=2');
    expect(second).toMatchObject({ groups: [{ entityId: 'post-1' }], hasMore: false });
  });

  it.each([
    'page=0',
    'page=-1',
    'page=1.5',
    'page=x',
    'page=1&page=2',
    'page[$ne]=1',
    'page[]=1',
    'page.x=1',
    '$where=1',
    'pageSize=0',
    'pageSize=1e3',
    'page=1000000',
    'page=99999999999999999999',
    'grouped=yes',
    'archived=1&archived=1',
    '__proto__[x]=1',
  ])('refuses ?%s', async (query) => {
    const answer = await service.as(newUser(), 'GET', `/api/notifications?${query}`);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ code: 'bad_request', error: expect.any(String) });
  });

  it.each(['page=1&pageSize=100&grouped=false&archived=FALSE', 'page=&pageSize=', '_=1700000000', 'page=10000'])(
    'accepts ?%s',
    async (query) => {
      expect((await service.as(newUser(), 'GET', `/api/notifications?${query}`)).status).toBe(200);
    },
  );
});

describe('changes', () => {
  it('answer {} and push the row', async () => {
    const alice = newUser();
    const [id] = await likes(alice, 1);
    const frames = await service.framesOf(alice);
    for (const [method, path] of [
      ['PUT', `/api/notifications/${id}/read`],
      ['PUT', `/api/notifications/${id}/archive`],
      ['PUT', `/api/notifications/${id}/unarchive`],
      ['PUT', '/api/notifications/read-all'],
      ['DELETE', `/api/notifications/${id}`],
    ] as const) {
      const answer = await service.as(alice, method, path);
      expect([answer.status, answer.body]).toEqual([200, {}]);
    }
    await eventually(() => (frames.length === 5 ? undefined : `${frames.length} frames`));
    expect(frames.map(({ kind, seq, number, body }) => ({ kind, seq, number, body }))).toEqual([
      { kind: 'notification', seq: 2, number: 1, body: expect.objectContaining({ id, isRead: true, status: 1 }) },
      { kind: 'notification', seq: 3, number: 1, body: expect.objectContaining({ id, archived: true }) },
      { kind: 'notification', seq: 4, number: 1, body: expect.objectContaining({ id, archived: false }) },
      { kind: 'read', seq: 5, number: 0, body: { seq: 5, readThrough: 1 } },
      { kind: 'deleted', seq: 6, number: 1, body: { id, seq: 6, number: 1 } },
    ]);
  });

  it('that change nothing are not pushed', async () => {
    const alice = newUser();
    const [id] = await likes(alice, 1);
    await service.as(alice, 'PUT', `/api/notifications/${id}/read`);
    const frames = await service.framesOf(alice);
    await service.as(alice, 'PUT', `/api/notifications/${id}/read`);
    await service.as(alice, 'PUT', '/api/notifications/read-all');
    await eventually(() => (frames.length === 1 ? undefined : `${frames.length} frames`));
    expect(frames[0]).toMatchObject({ kind: 'read' });
  });

  it('count down what is unread', async () => {
    const alice = newUser();
    const [id] = await likes(alice, 3);
    expect(await get(alice, '/api/notifications/unread-count')).toEqual({ count: 3, capped: false });
    await service.as(alice, 'PUT', `/api/notifications/${id}/read`);
    expect(await get(alice, '/api/notifications/unread-count')).toEqual({ count: 2, capped: false });
    await service.as(alice, 'PUT', '/api/notifications/read-all');
    expect(await get(alice, '/api/notifications/unread-count')).toEqual({ count: 0, capped: false });
    expect((await get(alice, '/api/notifications')).items.map((item: { status: number }) => item.status)).toEqual([
      1, 1, 1,
    ]);
  });

  it.each(['0'.repeat(24), 'x', '%7B%22$ne%22:null%7D', '..%2f..', 'a'.repeat(500)])(
    'of a row that is not there answer as if it were (%s)',
    async (id) => {
      const answer = await service.as(newUser(), 'PUT', `/api/notifications/${id}/read`);
      expect([answer.status, answer.body]).toEqual([200, {}]);
    },
  );
});

describe('GET /api/notifications/feed', () => {
  it('leads from the beginning to the head and on', async () => {
    const alice = newUser();
    const ids = await likes(alice, 3);
    await service.as(alice, 'DELETE', `/api/notifications/${ids[2]}`);
    await service.as(alice, 'PUT', '/api/notifications/read-all');
    const first = await get(alice, '/api/notifications/feed?limit=2');
    expect(first).toMatchObject({ changes: [{ kind: 'notification' }, { kind: 'notification' }], reload: false });
    expect(first.cursor).not.toBe(first.head);
    const rest = await get(alice, `/api/notifications/feed?after=${first.cursor}`);
    expect(rest).toMatchObject({
      changes: [
        { kind: 'deleted', notification: { id: ids[2], seq: 4, number: 1 } },
        { kind: 'read', mark: { seq: 5, readThrough: 3 } },
      ],
      reload: false,
    });
    expect(rest.cursor).toBe(rest.head);
    const nothing = await get(alice, `/api/notifications/feed?after=${rest.cursor}`);
    expect(nothing).toEqual({ changes: [], cursor: rest.head, head: rest.head, reload: false });
  });

  it('asks the holder of a cursor of another life, or of the future, to reload', async () => {
    const alice = newUser();
    await likes(alice, 1);
    const { head } = await get(alice, '/api/notifications/feed');
    const [epoch] = head.split('.');
    for (const after of ['other.1', `${epoch}.zz`]) {
      const answer = await get(alice, `/api/notifications/feed?after=${after}`);
      expect(answer).toEqual({ changes: [], cursor: head, head, reload: true });
    }
    expect(await get(alice, `/api/notifications/feed?after=${epoch}.1`)).toMatchObject({ reload: false });
  });

  it.each(['after=x', 'after=a.b.c.d', 'after=a.1&after=a.2', 'after[$gt]=1', 'limit=0', 'limit=-1', 'limit=a'])(
    'refuses ?%s',
    async (query) => {
      const answer = await service.as(newUser(), 'GET', `/api/notifications/feed?${query}`);
      expect(answer.status).toBe(400);
    },
  );

  it('caps its limit', async () => {
    const alice = newUser();
    await likes(alice, 1);
    expect((await service.as(alice, 'GET', '/api/notifications/feed?limit=1000000')).status).toBe(200);
  });
});

describe('every route', () => {
  const withId = (path: string, id: string) => path.replace(':id', id);

  it.each(routes.map(({ method, path }) => [method.toUpperCase(), path]))(
    '%s %s is for people who are signed in, with or without a slash at its end',
    async (method, path) => {
      const alice = newUser();
      const [id = ''] = await likes(alice, 1);
      const target = withId(path, id);
      const token = await tokenOf(alice);
      const refused = [
        {},
        { authorization: 'Bearer ' },
        { authorization: `Bearer ${token.slice(0, -3)}AAA` },
        { authorization: token },
        { authorization: `Bearer ${await service.internalTokens.issue()}` },
      ];
      for (const headers of refused) {
        const answer = await service.call(method, target, { headers });
        expect(answer.status).toBe(401);
        expect(answer.body).toMatchObject({ code: 'unauthorized', correlationId: expect.any(String) });
      }
      expect((await service.call(method, `${target}?access_token=${token}`)).status).toBe(401);
      expect(await service.store.heads([alice])).toEqual([{ seq: 1, number: 1 }]);
      expect((await service.as(alice, method, target)).status).toBe(200);
      expect((await service.as(alice, method, `${target}/`)).status).toBe(200);
      expect(service.logged()).not.toContain(token);
    },
  );

  it.each(routes.map(({ method, path }) => [method.toUpperCase(), path]))(
    '%s %s shows and changes nothing of others',
    async (method, path) => {
      const [alice, mallory] = [newUser('alice'), newUser('mallory')];
      const [id = ''] = await likes(alice, 2);
      const before = await service.store.list(alice, { archived: false, offset: 0, limit: 10 });
      const frames = await service.framesOf(alice);
      const theirs = await service.as(mallory, method, withId(path, id));
      const unknown = await service.as(mallory, method, withId(path, '0'.repeat(24)));
      expect(theirs.status).toBe(200);
      expect(theirs.body).toEqual(unknown.body);
      expect(theirs.text).not.toContain(alice);
      expect(await service.store.list(alice, { archived: false, offset: 0, limit: 10 })).toEqual(before);
      expect(frames).toEqual([]);
      const mine = await service.as(alice, method, withId(path, id));
      expect(mine.status).toBe(200);
      const unchanged = method === 'GET' || path.endsWith('/unarchive');
      expect((await service.store.heads([alice]))[0]?.seq).toBe(unchanged ? 2 : 3);
    },
  );

  it('answers an outage of the store with 503 and no word of the driver', async () => {
    await using closed = await startTestNotification();
    await closed.store.close();
    for (const { method, path } of routes) {
      const answer = await closed.as('alice' as UserId, method.toUpperCase(), withId(path, '0'.repeat(24)));
      expect(answer.status).toBe(503);
      expect(answer.body).toMatchObject({ code: 'unavailable' });
      expect(answer.text).not.toMatch(/sqlite|database|mongo/i);
    }
  });

  it('allows browsers of listed origins only', async () => {
    const listed = { headers: { origin: 'https://good.example' } };
    const foreign = { headers: { origin: 'https://good.example.evil.com' } };
    const path = '/api/notifications';
    expect((await service.call('OPTIONS', path, listed)).headers.get('access-control-allow-origin')).toBe(
      'https://good.example',
    );
    expect((await service.call('OPTIONS', path, foreign)).headers.get('access-control-allow-origin')).toBeNull();
  });

  it('answers unknown paths with 404', async () => {
    const answer = await service.as(newUser(), 'GET', '/api/notification');
    expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } });
  });
});

describe('a reader of the feed that begins with nothing', () => {
  it('comes to the end of a stream from which tombstones were purged, page by page', async () => {
    const alice = newUser();
    const [newest = ''] = await likes(alice, 4);
    await service.as(alice, 'DELETE', `/api/notifications/${newest}`);
    await likes(alice, 1);
    await service.store.purge({ deletedBefore: Date.now() + 60_000 });
    const read: number[] = [];
    for (let after = ''; ; ) {
      const { body } = await service.as(alice, 'GET', `/api/notifications/feed?limit=1&after=${after}`);
      expect(body.reload).toBe(false);
      read.push(...body.changes.map(({ notification }: { notification: { number: number } }) => notification.number));
      after = body.cursor;
      if (body.cursor === body.head) break;
    }
    expect(read).toEqual([1, 2, 3, 5]);
    const [head] = await service.store.heads([alice]);
    const old = `${await service.store.epoch()}.1`;
    expect(head).toEqual({ seq: 6, number: 5 });
    expect((await service.as(alice, 'GET', `/api/notifications/feed?after=${old}`)).body.reload).toBe(true);
  });
});

describe('internal calls', () => {
  it('answer heads and changes of many streams, and no memberships', async () => {
    const [alice, bob] = [newUser('alice'), newUser('bob')];
    await likes(alice, 3);
    const epoch = await service.store.epoch();
    const streams = [`notifications:${alice}`, 'conversation:1', `notifications:${bob}`];
    expect((await service.internal('/internal/heads', { streams })).body).toEqual({
      epoch,
      heads: [
        { stream: streams[0], seq: 3, number: 3, members: 0 },
        { stream: streams[1], seq: 0, number: 0, members: 0 },
        { stream: streams[2], seq: 0, number: 0, members: 0 },
      ],
    });
    const requests = [
      { stream: streams[0], after: 1 },
      { stream: streams[2], after: 5 },
      { stream: streams[1], after: 0 },
    ];
    const { body } = await service.internal('/internal/changes', { requests, limit: 1 });
    expect(body).toMatchObject({
      epoch,
      changes: [
        {
          stream: streams[0],
          rows: [{ kind: 'notification', seq: 2, number: 2, body: { recipientId: alice, seq: 2 } }],
          through: 2,
          head: { seq: 3, number: 3, members: 0 },
          reload: false,
        },
        { stream: streams[2], rows: [], through: 0, reload: true },
        { stream: streams[1], rows: [], reload: false },
      ],
    });
    expect(await service.service.source.changes({ requests: requests as never, limit: 1 })).toEqual(body);
    const memberships = await service.internal('/internal/memberships', { user: alice });
    expect(memberships.body).toEqual({ epoch: body.epoch, memberships: [] });
  });

  it('take the largest batch', async () => {
    const streams = Array.from({ length: 500 }, (_, index) => `notifications:${'é'.repeat(250)}${index}`);
    const { status, body } = await service.internal('/internal/heads', { streams });
    expect(status).toBe(200);
    expect(body.heads).toHaveLength(500);
    expect((await service.internal('/internal/heads', { streams: [...streams, 'notifications:x'] })).status).toBe(400);
  });

  it.each([
    ['/internal/heads', {}],
    ['/internal/heads', { streams: 'notifications:alice' }],
    ['/internal/heads', { streams: [{ $ne: null }] }],
    ['/internal/heads', { streams: [''] }],
    ['/internal/changes', { requests: [{ stream: 'notifications:alice' }] }],
    ['/internal/changes', { requests: [{ stream: 'notifications:alice', after: -1 }] }],
    ['/internal/changes', { requests: [{ stream: 'notifications:alice', after: 0.5 }] }],
    ['/internal/changes', { requests: [], limit: 1_001 }],
    ['/internal/memberships', { user: { $gt: '' } }],
    ['/internal/memberships', null],
    ['/internal/members', { requests: [{ stream: 'notifications:alice', users: [1] }] }],
    ['/internal/members', { requests: [{ stream: 'notifications:alice', users: ['alice'] }] }],
  ])('refuse %s %j', async (path, body) => {
    expect((await service.internal(path, body)).body).toMatchObject({ code: 'bad_request' });
  });

  it.each([...Object.values(internalPaths), '/internal/other'])('on %s are for our own services only', async (path) => {
    const request = { streams: [], requests: [], user: 'alice', users: [], since: null };
    const user = await service.internal(path, request, await tokenOf('alice'));
    expect(user.status).toBe(401);
    const forged = await service.internal(path, {}, `${(await service.internalTokens.issue()).slice(0, -3)}AAA`);
    expect(forged.status).toBe(401);
    expect((await service.internal(path, request)).status).toBe(
      path.endsWith('/other') ? 404 : /\/(members|revocations)$/.test(path) ? 400 : 200,
    );
    expect(service.logged()).not.toContain(secret);
  });
});
