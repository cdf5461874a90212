import { expect, it } from 'vitest';
import { elsewhereOf, formatCount } from './redis-counts.ts';

const at = { worker: 'own', now: 1_000_000, ttlMs: 60_000 };
const until = (fromNowMs: number, count = 3) => formatCount({ count, until: at.now + fromNowMs });

it('counts what others say until it expires, and nothing of one’s own', () => {
  const said = { own: until(1, 50), a: until(1), b: until(60_000, 4), late: until(0, 100) };
  expect(elsewhereOf(said, at)).toEqual({ connections: 7, dead: [] });
});

it('names those whose word expired so long ago that no clock excuses it', () => {
  const said = { own: until(-90_000), late: until(-59_999), gone: until(-60_000), alive: until(1) };
  expect(elsewhereOf(said, at)).toEqual({ connections: 3, dead: ['gone'] });
});

it.each(['', '5', 'x y', '-1 5', '1e9 5', '99999999999999999999 5', '1060000 5 6'])('takes %j for nobody', (text) => {
  expect(elsewhereOf({ odd: text, a: until(1) }, at)).toEqual({ connections: 3, dead: ['odd'] });
});
