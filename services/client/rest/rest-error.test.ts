import { describe, expect, it } from 'vitest';
import { parseRetryAfter, RestError, readAnswer } from './rest-error.ts';

describe('an error', () => {
  it.each([
    [0, undefined, true],
    [400, 'bad_request', false],
    [409, 'conflict', false],
    [429, 'rate_limited', true],
    [500, 'internal', false],
    [502, undefined, true],
    [503, 'unavailable', true],
    [404, undefined, false],
  ] as const)(
    'of status %i and code %s says whether the same call may succeed later: %s',
    (status, code, retryable) => {
      expect(new RestError('text', status, { code }).retryable).toBe(retryable);
    },
  );

  it('carries what the server asked for, and no code that nobody knows', async () => {
    const body = JSON.stringify({ error: 'slow down', code: 'rate_limited', correlationId: 'c-1' });
    const answer = new Response(body, { status: 429, headers: { 'retry-after': '3' } });
    await expect(readAnswer(answer)).rejects.toMatchObject({
      message: 'slow down',
      code: 'rate_limited',
      correlationId: 'c-1',
      retryAfterMs: 3_000,
    });
    const other = new Response(JSON.stringify({ error: 'no', code: 'toString' }), { status: 418 });
    await expect(readAnswer(other)).rejects.toMatchObject({ code: undefined, retryable: false });
  });
});

it.each([
  [null, undefined],
  ['', undefined],
  ['soon', undefined],
  ['0', 0],
  ['-3', 0],
  ['2.5', 2_500],
  ['Thu, 01 Jan 2026 00:00:09 GMT', 9_000],
  ['Wed, 31 Dec 2025 23:00:00 GMT', 0],
])('Retry-After %j is %j ms', (header, expected) => {
  expect(parseRetryAfter(header, Date.UTC(2026, 0, 1))).toBe(expected);
});
