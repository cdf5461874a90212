import { expect, it } from 'vitest';
import { Displayed } from './displayed.ts';

function displayed(acknowledged: readonly string[], shown: readonly (readonly [string, string])[]): Displayed {
  const of = new Displayed('like');
  for (const content of acknowledged) of.acknowledged(content);
  for (const [content, id] of shown) of.shown(content, id);
  return of;
}

it('has nothing against what was displayed once and in order, by a list that is drawn anew, before its answer came, or unasked', () => {
  const shown = [
    ['a', '1'],
    ['a', '1'],
    ['b', '2'],
    ['of somebody else', '3'],
    ['c', '4'],
  ] as const;
  expect(displayed(['a', 'b', 'c'], shown).faults()).toEqual([]);
});

it.each([
  ['is missing', [['a', '1']], 'like b was acknowledged and is not displayed'],
  [
    'came twice',
    [
      ['a', '1'],
      ['b', '2'],
      ['b', '3'],
    ],
    'like b came twice',
  ],
  [
    'came in another order',
    [
      ['b', '2'],
      ['a', '1'],
    ],
    'likes are displayed in another order',
  ],
] as const)('tells what %s', (_, shown, told) => {
  expect(displayed(['a', 'b'], shown).faults()).toEqual([told]);
});

it('flows once something of what was acknowledged is displayed', () => {
  expect(displayed(['a', 'b'], [['c', '1']]).whyNotFlowing()).toContain('no like');
  expect(displayed(['a', 'b'], [['b', '1']]).whyNotFlowing()).toBeUndefined();
});
