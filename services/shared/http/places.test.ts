import { expect, it } from 'vitest';
import { Places } from './places.ts';

it('gives each key as many places as allowed, and those again that come back', () => {
  const places = new Places(2);
  const [first, second] = [places.take('a'), places.take('a')];
  expect([typeof first, typeof second, places.take('a')]).toEqual(['function', 'function', undefined]);
  expect(places.take('b')).toBeTypeOf('function');
  first?.();
  first?.();
  expect(places.take('a')).toBeTypeOf('function');
  expect(places.take('a')).toBeUndefined();
});
