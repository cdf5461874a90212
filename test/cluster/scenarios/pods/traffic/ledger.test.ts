import { beforeEach, expect, it } from 'vitest';
import { Ledger } from './ledger.ts';

let ledger: Ledger;
const all = (text: string, number: number, id = text) => {
  for (const display of ['screen', 'phone']) ledger.shown(display, text, { id, number });
};

beforeEach(() => {
  ledger = new Ledger('messages', ['screen', 'phone']);
});

it('has nothing against what every display shows once and in order, however often it is drawn', () => {
  for (const index of [0, 1]) {
    ledger.acknowledged(`alice ${index}`);
    all(`alice ${index}`, index + 1);
  }
  all('alice 0', 1);
  expect(ledger.missing()).toBeUndefined();
  expect(ledger.take()).toMatchObject({ times: [expect.any(Number), expect.any(Number)], faults: [] });
  expect(ledger.take().times).toEqual([]);
});

it('misses what one display does not show', () => {
  for (const text of ['alice 0', 'bob 0']) ledger.acknowledged(text);
  ledger.shown('screen', 'alice 0', { id: 'a', number: 1 });
  expect(ledger.missing()).toBe('messages: bob 0 was acknowledged, and screen does not show it and 2 more');
  expect(ledger.take().faults).toHaveLength(3);
});

it('tells what is displayed twice, under two identities', () => {
  all('alice 0', 1);
  all('alice 0', 2, 'another');
  expect(ledger.take().faults).toEqual(['screen was shown alice 0 twice', 'phone was shown alice 0 twice']);
});

it('tells what one said later and what is shown before it', () => {
  all('alice 1', 1);
  all('bob 0', 2);
  all('alice 0', 3);
  expect(ledger.take().faults).toEqual(['screen shows alice 0 after alice 1', 'phone shows alice 0 after alice 1']);
});
