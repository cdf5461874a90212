import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { integerField } from '#shared/http/query-fields.ts';
import { createDocumentCheck, type Exchange } from './documented.fixture.ts';
import { openApiDocument } from './openapi.ts';

const thing = z.object({ id: z.string().min(1), parts: z.array(z.object({ size: z.int() })) });

const check = createDocumentCheck(
  openApiDocument([
    {
      method: 'post',
      path: '/api/things/:id',
      name: 'makeThing',
      tag: 'messages',
      summary: 'Make a thing',
      params: z.object({ id: z.string() }),
      query: z.object({ count: integerField({ min: 1, max: 5 }).optional() }),
      body: z.object({ name: z.string().min(2) }),
      answers: { 201: thing },
      headers: { 'X-Next-After': 'the next one' },
      refuses: ['conflict'],
    },
  ]),
);

const made: Exchange = {
  method: 'POST',
  path: '/api/things/1?count=3',
  sent: { name: 'ab' },
  status: 201,
  headers: new Headers({ 'X-Next-After': 'x', 'X-Correlation-Id': '1', 'Content-Type': 'application/json' }),
  body: { id: 'x', parts: [{ size: 1 }] },
};

const conflict: Exchange = {
  ...made,
  status: 409,
  headers: new Headers(),
  body: { error: 'no', code: 'conflict', correlationId: '1' },
};

const nowhere: Exchange = {
  ...conflict,
  path: '/api/other',
  status: 404,
  body: { error: 'no', code: 'not_found', correlationId: '1' },
};

describe('an exchange as the document says', () => {
  it.each([
    ['a success', made],
    ['without what is optional', { ...made, path: '/API/things/1/', headers: new Headers() }],
    ['with an empty value in the query, which is none', { ...made, path: '/api/things/1?count=' }],
    ['with fields of the request that nobody reads', { ...made, sent: { name: 'ab', more: 1 } }],
    ['a refusal of the route', conflict],
    [
      'a refusal of every route',
      { ...conflict, status: 503, body: { ...(conflict.body as object), code: 'unavailable' } },
    ],
    ['a path that there is not', nowhere],
    ['another method', { ...nowhere, path: '/api/things/1', method: 'PUT' }],
  ])('passes: %s', (_what, exchange) => {
    expect(() => check(exchange)).not.toThrow();
  });

  it.each<[string, Exchange, RegExp]>([
    ['an answer that lacks a field', { ...made, body: { id: 'x' } }, /must have required property 'parts'/],
    ['a field too much', { ...made, body: { ...(made.body as object), more: 1 } }, /additional properties/],
    ['a field too much, deep inside', { ...made, body: { id: 'x', parts: [{ size: 1, more: 1 }] } }, /additional/],
    ['a field of another type', { ...made, body: { id: 'x', parts: [{ size: '1' }] } }, /must be integer/],
    ['a value out of its bounds', { ...made, body: { id: '', parts: [] } }, /fewer than 1 characters/],
    ['no answer', { ...made, body: undefined }, /required property/],
    ['a header that nobody described', { ...made, headers: new Headers({ 'X-Other': '1' }) }, /no header x-other/],
    ['a success that nobody described', { ...made, status: 200 }, /no answer 200/],
    ['a refusal that nobody described', { ...nowhere, path: made.path }, /no answer 404/],
    [
      'a code of another status',
      { ...conflict, body: { ...(conflict.body as object), code: 'not_found' } },
      /none of 409/,
    ],
    ['an error of another shape', { ...conflict, body: { code: 'conflict' } }, /required property 'error'/],
    ['a success where nothing is', { ...made, path: '/api/other' }, /no such operation/],
    ['a body accepted against the document', { ...made, sent: { name: 'a' } }, /fewer than 2 characters/],
    ['a query accepted against the document', { ...made, path: '/api/things/1?count=6' }, /must be <= 5/],
  ])('does not pass: %s', (_what, exchange, reason) => {
    expect(() => check(exchange)).toThrow(reason);
  });
});
