import { describe, expect, test } from 'vitest';
import { createOriginPolicy } from './origin-policy.ts';

const origins = ['https://good.example', 'http://localhost:3000'];

describe.each([true, false])('with absent origins allowed: %s', (allowAbsent) => {
  const policy = createOriginPolicy({ origins, allowAbsent });

  test.each([
    ['https://good.example', true],
    ['http://localhost:3000', true],
    ['https://good.example.evil.com', false],
    ['https://evilgood.example', false],
    ['https://sub.good.example', false],
    ['http://good.example', false],
    ['https://good.example:8443', false],
    ['http://localhost:30000', false],
    ['https://good.example/', false],
    ['HTTPS://GOOD.EXAMPLE', false],
    ['null', false],
    ['*', false],
    ['', false],
    [undefined, allowAbsent],
  ])('%j is allowed: %s', (origin, allowed) => {
    expect(policy.allows(origin)).toBe(allowed);
  });
});

test('no origins: no browser', () => {
  expect(createOriginPolicy({ origins: [], allowAbsent: false }).allows('https://good.example')).toBe(false);
});

test.each([
  '*',
  'null',
  'https://good.example/',
  'good.example',
  'https://GOOD.example',
  'https://good.example:443',
  '',
])('an entry that no browser sends is a fault: %j', (origin) => {
  const make = () => createOriginPolicy({ origins: [...origins, origin], allowAbsent: true });
  expect(make).toThrow(`got ${JSON.stringify(origin)}`);
});
