import { describe, expect, it } from 'vitest';
import type { ConversationId } from '#shared/contract/ids.ts';
import { type ChangeKey, pageOfChanges, pageOfViews, type UserPlace } from './view-order.ts';

const id = (text: string) => text as ConversationId;

function place(name: string, lastMessageAt: number): UserPlace {
  return { id: id(name), lastMessageAt, changedAt: 0 };
}

describe('pageOfViews', () => {
  const places = [place('c', 5), place('a', 5), place('d', 9), place('b', 5), place('e', 1)];

  it('is newest first, then by id', () => {
    expect(pageOfViews(places, { before: undefined, limit: 9 })).toEqual(['d', 'a', 'b', 'c', 'e']);
  });

  it('goes on behind the last one, also among equal times', () => {
    expect(pageOfViews(places, { before: { lastMessageAt: 5, id: id('a') }, limit: 2 })).toEqual(['b', 'c']);
    expect(pageOfViews(places, { before: { lastMessageAt: 5, id: id('c') }, limit: 2 })).toEqual(['e']);
    expect(pageOfViews(places, { before: { lastMessageAt: 1, id: id('e') }, limit: 2 })).toEqual([]);
  });
});

describe('pageOfChanges', () => {
  const at = (name: string, changedAt: number): ChangeKey => ({ id: id(name), changedAt });
  const present = [at('p3', 7), at('p1', 7), at('p2', 3)];
  const left = [at('l1', 7), at('l2', 8)];

  it('goes through present and left places in one order, equal times included', () => {
    const seen: string[] = [];
    let page = pageOfChanges(present, left, 7, { after: undefined, limit: 2 });
    for (; ; page = pageOfChanges(present, left, 7, { after: page.next, limit: 2 })) {
      seen.push(...page.left, ...page.present);
      if (!page.next) break;
    }
    expect(seen).toEqual(['l1', 'p1', 'l2', 'p3']);
  });

  it('includes the moment that was asked for, and nothing before it', () => {
    const all = { after: undefined, limit: 9 };
    expect(pageOfChanges(present, left, 3, all)).toEqual({
      present: ['p2', 'p1', 'p3'],
      left: ['l1', 'l2'],
      next: undefined,
    });
    expect(pageOfChanges(present, left, 9, all)).toEqual({ present: [], left: [], next: undefined });
  });

  it('says where to go on only when something is left', () => {
    expect(pageOfChanges(present, [], 7, { after: undefined, limit: 2 }).next).toBeUndefined();
    expect(pageOfChanges(present, [], 7, { after: undefined, limit: 1 }).next).toEqual({ changedAt: 7, id: 'p1' });
  });
});
