import { describe, expect, it } from 'vitest';
import { markOfChange, markOfNew, takeLease } from './outbox.ts';

const request = { now: 10_000, pendingSince: 5_000, leaseMs: 3_000 };
const mark = { since: 4_999, leasedUntil: 0, unsent: true };

describe('a pending mark', () => {
  it('tells of a new row until an event has, however often the row changes meanwhile', () => {
    const changed = markOfChange(markOfNew(1), 2);
    expect(changed).toEqual({ since: 2, leasedUntil: 0, unsent: true });
    expect(markOfChange(changed, 3).unsent).toBe(true);
    expect(markOfChange(undefined, 3).unsent).toBe(false);
  });

  it('loses its lease with its seq: who holds it publishes a state that is past', () => {
    expect(markOfChange({ ...mark, leasedUntil: 20_000 }, 10_000).leasedUntil).toBe(0);
  });
});

describe('a lease', () => {
  it.each([
    ['an old mark', mark, 13_000],
    ['a mark whose lease has run out', { ...mark, leasedUntil: 10_000 }, 13_000],
    ['a mark whose lease runs', { ...mark, leasedUntil: 10_001 }, undefined],
    ['a mark that is left to its writer', { ...mark, since: 5_000 }, undefined],
    ['a row without a mark', undefined, undefined],
  ])('on %s is had or not', (_what, pending, leasedUntil) => {
    expect(takeLease(pending, request)).toEqual(leasedUntil && { ...pending, leasedUntil });
  });
});
