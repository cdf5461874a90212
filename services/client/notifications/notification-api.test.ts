import { describe, expect, it } from 'vitest';
import { UnreadableAnswerError } from '../rest/answers.ts';
import { createRestCall } from '../rest/rest-call.ts';
import { RestError } from '../rest/rest-error.ts';
import { givenToken, SignedOutError, type TokenSource } from '../rest/token-source.ts';
import { createNotificationApi } from './notification-api.ts';

type Asked = { readonly method: string; readonly url: string; readonly token: string | null };

/** An API whose server answers from a script, and what it was asked. */
function scripted(answers: readonly (() => Response)[], tokens: TokenSource = givenToken('t-1')) {
  const asked: Asked[] = [];
  const left = [...answers];
  const fetch = async (url: string | URL | Request, init?: RequestInit) => {
    asked.push({
      method: init?.method ?? 'GET',
      url: String(url),
      token: new Headers(init?.headers).get('authorization'),
    });
    const answer = left.shift();
    if (!answer) throw new TypeError('no more answers');
    return answer();
  };
  return { asked, api: createNotificationApi(createRestCall({ baseUrl: 'http://server', tokens, fetch })) };
}

const json =
  (body: unknown, status = 200) =>
  () =>
    Response.json(body, { status });
const page = { items: [], unreadCount: 0, hasMore: false };

describe('the API', () => {
  it('asks as the contract says', async () => {
    const { api, asked } = scripted([
      json(page),
      json({ changes: [], cursor: 'e.1', head: 'e.1', reload: false }),
      ...Array.from({ length: 5 }, () => json({})),
    ]);
    await api.page(2, 20);
    await api.feed('e.1', 50);
    await api.markRead('a/b');
    await api.markAllRead();
    await api.archive('x');
    await api.unarchive('x');
    await api.remove('x');
    expect(asked.map(({ method, url }) => `${method} ${url.replace('http://server/api/notifications', '')}`)).toEqual([
      'GET ?page=2&pageSize=20',
      'GET /feed?after=e.1&limit=50',
      'PUT /a%2Fb/read',
      'PUT /read-all',
      'PUT /x/archive',
      'PUT /x/unarchive',
      'DELETE /x',
    ]);
    expect(new Set(asked.map(({ token }) => token))).toEqual(new Set(['Bearer t-1']));
  });

  it('gets a new token on 401 and asks once more', async () => {
    const tokens: TokenSource = { token: async () => 't-1', refused: async (token) => `${token}+` };
    const { api, asked } = scripted([json({ error: 'no' }, 401), json(page)], tokens);
    await api.page(1, 20);
    expect(asked.map(({ token }) => token)).toEqual(['Bearer t-1', 'Bearer t-1+']);
    const twice = scripted([json({ error: 'no' }, 401), json({ error: 'still no' }, 401)], tokens);
    await expect(twice.api.page(1, 20)).rejects.toMatchObject({ status: 401, message: 'still no' });
  });

  it('signs out on 401 where there is no other token', async () => {
    await expect(scripted([json({ error: 'no' }, 401)]).api.page(1, 20)).rejects.toThrow(SignedOutError);
  });

  it('gives the text, code and id of the server', async () => {
    const body = { error: 'the store is away', code: 'unavailable', correlationId: 'c-1' };
    const call = scripted([json(body, 503)]).api.page(1, 20);
    await expect(call).rejects.toMatchObject({
      message: 'the store is away',
      status: 503,
      code: 'unavailable',
      correlationId: 'c-1',
    });
  });

  it.each([
    ['no JSON', () => new Response('<html>', { status: 502 }), 'HTTP 502'],
    ['other JSON', json({ error: { deep: true } }, 500), 'HTTP 500'],
  ])('makes do with an error of %s', async (_what, answer, message) => {
    await expect(scripted([answer]).api.page(1, 20)).rejects.toMatchObject({ message });
  });

  it('tells that nothing answered', async () => {
    const call = scripted([]).api.page(1, 20);
    await expect(call).rejects.toThrow(RestError);
    await expect(call).rejects.toMatchObject({ status: 0 });
  });

  it.each([
    ['nothing', null],
    ['a list without items', { unreadCount: 0 }],
    ['a count below zero', { ...page, unreadCount: -1 }],
    ['a row of another shape', { ...page, items: [{ id: 1 }] }],
  ])('does not take %s for a page', async (_what, body) => {
    await expect(scripted([json(body)]).api.page(1, 20)).rejects.toThrow(UnreadableAnswerError);
  });
});
