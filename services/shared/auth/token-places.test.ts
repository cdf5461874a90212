import { expect, test } from 'vitest';
import { bearerToken, hubToken, redactUrl } from './token-places.ts';

test.each([
  ['Bearer abc', 'abc'],
  ['bearer abc', 'abc'],
  ['Bearer   abc  ', 'abc'],
  ['Bearer', undefined],
  ['Bearer ', undefined],
  ['Bearer a b', undefined],
  ['Basic abc', undefined],
  ['abc', undefined],
  [undefined, undefined],
])('the header %j holds %j', (authorization, token) => {
  expect(bearerToken(authorization === undefined ? {} : { authorization })).toBe(token);
});

test.each([
  ['/hubs/n?id=1&access_token=q', 'q'],
  ['/hubs/n?access_token=a%2Bb', 'a+b'],
  ['//?access_token=q', 'q'],
  ['/hubs/n?access_token=', undefined],
  ['/hubs/n?Access_Token=q', undefined],
  ['/hubs/n?access_token=q&access_token=r', undefined],
  ['/hubs/n#access_token=q', undefined],
  ['/hubs/n', undefined],
])('the url %s holds %j', (url, token) => {
  expect(hubToken({ headers: {}, url })).toBe(token);
});

test('the header wins over the query; one that holds no bearer token does not count', () => {
  const url = '/hubs/n?access_token=q';
  expect(hubToken({ headers: { authorization: 'Bearer h' }, url })).toBe('h');
  expect(hubToken({ headers: { authorization: 'Basic h' }, url })).toBe('q');
});

test.each([
  ['/hubs/n?access_token=canary', '/hubs/n'],
  ['/hubs/n#canary', '/hubs/n'],
  ['/a\n?canary\nb', '/a\n'],
  ['http://user:canary@host/path?x', 'http://host/path'],
  ['/a/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln-_x/b', '/a/[token]/b'],
  ['', ''],
])('redacts %j to %j', (url, redacted) => {
  expect(redactUrl(url)).toBe(redacted);
});

test('bounds what is logged of a long url', () => {
  expect(redactUrl(`/${'x'.repeat(10_000)}`)).toHaveLength(512);
});
