import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatCursor } from '../../shared/contract/cursor.ts';
import type { UserId } from '../../shared/contract/ids.ts';
import type { NotificationChange, NotificationDto, NotificationPage } from '../../shared/contract/notification-dto.ts';
import { cursorOf, hasGap } from '../stream/stream-place.ts';
import {
  continues,
  isBehind,
  listFrom,
  type NotificationList,
  visibleRows,
  withAction,
  withAllRead,
  withChange,
  withFeed,
  withPage,
} from './notification-list.ts';

const cursor = (seq: number) => formatCursor({ epoch: 'e', seq });

function row(number: number, change: Partial<NotificationDto> = {}): NotificationDto {
  const isRead = change.isRead ?? false;
  return {
    id: `id-${number}`,
    recipientId: 'alice' as UserId,
    actorId: 'bob' as UserId,
    actorName: 'Bob',
    actorAvatar: '',
    entityId: 'post',
    type: 0,
    createdAt: '2026-11-25T10:00:00.000Z',
    action: 'Like',
    entityType: 'Post',
    archived: false,
    seq: number,
    number,
    ...change,
    isRead,
    status: isRead ? 1 : 0,
  };
}

const change = (notification: NotificationDto): NotificationChange => ({ kind: 'notification', notification });
const deleted = (number: number, seq: number): NotificationChange => ({
  kind: 'deleted',
  notification: { id: `id-${number}`, seq, number },
});
const readMark = (readThrough: number, seq: number): NotificationChange => ({
  kind: 'read',
  mark: { seq, readThrough },
});
const feed = (changes: NotificationChange[], seq: number) => ({
  changes,
  cursor: cursor(seq),
  head: cursor(seq),
  reload: false,
});

/** Rows 1 to `count`, unread, all loaded. */
function listOf(count: number): NotificationList {
  const items = Array.from({ length: count }, (_, index) => row(count - index));
  return withPage(listFrom(cursor(count)), { items, unreadCount: count, hasMore: false, cursor: cursor(count) });
}

const numbers = (list: NotificationList) => visibleRows(list).map(({ number }) => number);

describe('a new row', () => {
  it('comes first, is told of and counts once, however often it comes', () => {
    const first = withChange(listOf(2), change(row(3)));
    const again = withChange(first.list, change(row(3)));
    expect(first.arrived).toHaveLength(1);
    expect(again.arrived).toHaveLength(0);
    expect(numbers(again.list)).toEqual([3, 2, 1]);
    expect(again.list.unread).toMatchObject({ count: 3, certain: true });
  });

  it('that comes after a later one is told of and counts all the same', () => {
    const later = withChange(listOf(2), change(row(4))).list;
    const { list, arrived } = withChange(later, change(row(3)));
    expect(arrived.map(({ number }) => number)).toEqual([3]);
    expect(list.unread).toMatchObject({ count: 4, certain: true });
  });

  it('that was read elsewhere meanwhile is told to nobody', () => {
    const { list, arrived } = withFeed(listOf(2), feed([change(row(3, { isRead: true, seq: 4 }))], 4));
    expect(arrived).toEqual([]);
    expect(numbers(list)).toEqual([3, 2, 1]);
    expect(list.unread.count).toBe(2);
  });

  it('that a page showed before is told of no more and counted no more', () => {
    const page: NotificationPage = {
      items: [row(3), row(2), row(1)],
      unreadCount: 3,
      hasMore: false,
      cursor: cursor(3),
    };
    const { list, arrived } = withChange(withPage(listFrom(cursor(2)), page), change(row(3)));
    expect(arrived).toEqual([]);
    expect(list.unread.count).toBe(3);
  });
});

describe('a change', () => {
  it('replaces an older state and is itself not replaced by one', () => {
    const { list } = withChange(listOf(2), change(row(1, { isRead: true, seq: 3 })));
    const late = withChange(list, change(row(1, { isRead: false, seq: 1 }))).list;
    expect(visibleRows(late).find(({ number }) => number === 1)?.isRead).toBe(true);
    expect(late.unread).toMatchObject({ count: 1, certain: true });
  });

  it('of a row that is not loaded shows nothing, and makes the count uncertain', () => {
    const items = [row(30), row(29)];
    const list = withPage(listFrom(cursor(30)), { items, unreadCount: 30, hasMore: true, cursor: cursor(30) });
    const merged = withChange(list, change(row(5, { isRead: true, seq: 31 }))).list;
    expect(numbers(merged)).toEqual([30, 29]);
    expect(merged.unread).toMatchObject({ count: 30, certain: false });
  });

  it('of a row whose page is still on its way is not undone by that page', () => {
    const items = [row(3), row(2), row(1)];
    const changed = [row(3, { isRead: true, seq: 4 }), row(2, { isRead: true, seq: 5 })];
    const list = changed.reduce((before, each) => withChange(before, change(each)).list, listFrom(cursor(3)));
    const loaded = withPage(list, { items, unreadCount: 3, hasMore: false, cursor: cursor(3) });
    expect(visibleRows(loaded).map(({ isRead }) => isRead)).toEqual([true, true, false]);
  });

  it('to archived hides the row and takes it from the count; moved back it is there again', () => {
    const { list } = withChange(listOf(2), change(row(2, { archived: true, seq: 3 })));
    expect(numbers(list)).toEqual([1]);
    expect(list.unread.count).toBe(1);
    const back = withChange(list, change(row(2, { seq: 4 }))).list;
    expect(numbers(back)).toEqual([2, 1]);
    expect(back.unread).toMatchObject({ count: 2, certain: true });
  });
});

describe('a deletion', () => {
  it('is final, also for a state that comes late', () => {
    const { list } = withChange(listOf(2), deleted(2, 3));
    const late = withPage(withChange(list, change(row(2))).list, {
      items: [row(2), row(1)],
      unreadCount: 1,
      hasMore: false,
      cursor: cursor(3),
    });
    expect(numbers(late)).toEqual([1]);
    expect(late.unread.count).toBe(1);
  });
});

describe('a mark of read', () => {
  it('reads what is there and not what comes later', () => {
    const { list } = withChange(listOf(2), readMark(2, 3));
    const later = withChange(list, change(row(3, { seq: 4 }))).list;
    expect(visibleRows(later).map(({ isRead }) => isRead)).toEqual([false, true, true]);
    expect(later.unread).toMatchObject({ count: 1, certain: true });
  });

  it('that is older than another changes nothing', () => {
    const { list } = withChange(listOf(3), readMark(3, 4));
    expect(withChange(list, readMark(1, 5)).list.unread.count).toBe(0);
  });

  it('outlives a page that was read before it', () => {
    const { list } = withChange(listOf(2), readMark(2, 3));
    const stale = withPage(list, { items: [row(2), row(1)], unreadCount: 0, hasMore: false, cursor: cursor(3) });
    expect(visibleRows(stale).every(({ isRead }) => isRead)).toBe(true);
  });
});

describe('the position', () => {
  it('moves with changes in order', () => {
    const { list } = withChange(listOf(2), change(row(3)));
    expect(cursorOf(list)).toBe(cursor(3));
    expect(hasGap(list)).toBe(false);
  });

  it('stays before a gap until what is missing came', () => {
    const ahead = withChange(listOf(2), change(row(4))).list;
    expect(cursorOf(ahead)).toBe(cursor(2));
    expect(hasGap(ahead)).toBe(true);
    const filled = withChange(ahead, change(row(3))).list;
    expect(cursorOf(filled)).toBe(cursor(4));
    expect(hasGap(filled)).toBe(false);
  });

  it('passes places that rows have left, once the feed was read', () => {
    const ahead = withChange(listOf(2), change(row(1, { isRead: true, seq: 6 }))).list;
    const read = withFeed(ahead, feed([], 5)).list;
    expect(cursorOf(read)).toBe(cursor(6));
    expect(hasGap(read)).toBe(false);
  });
});

describe('a page', () => {
  it('further down lengthens the list', () => {
    const list = withPage(listFrom(cursor(4)), {
      items: [row(4), row(3)],
      unreadCount: 4,
      hasMore: true,
      cursor: cursor(4),
    });
    const next: NotificationPage = { items: [row(2), row(1)], unreadCount: 4, hasMore: false, cursor: cursor(4) };
    expect(continues(list, next, 2)).toBe(true);
    expect(numbers(withPage(list, next))).toEqual([4, 3, 2, 1]);
    expect(withPage(list, next).hasMore).toBe(false);
  });

  it('behind rows that are not loaded does not continue the list', () => {
    const list = withPage(listFrom(cursor(9)), {
      items: [row(9), row(8)],
      unreadCount: 9,
      hasMore: true,
      cursor: cursor(9),
    });
    expect(continues(list, { items: [row(5)], unreadCount: 9, hasMore: true, cursor: cursor(9) }, 2)).toBe(false);
    expect(continues(list, { items: [row(7)], unreadCount: 9, hasMore: true, cursor: cursor(9) }, 2)).toBe(true);
  });
});

describe('the count of a page', () => {
  /** A further page, read when the stream had come to `seq`. */
  const counted = (list: NotificationList, unreadCount: number, seq: number) =>
    withPage(list, { items: [], unreadCount, hasMore: false, cursor: cursor(seq) });

  it('holds what was pushed after it and had come before it', () => {
    const list = counted(listOf(3), 2, 4);
    const pushed = withChange(list, change(row(2, { isRead: true, seq: 4 }))).list;
    expect(visibleRows(pushed).map(({ isRead }) => isRead)).toEqual([false, true, false]);
    expect(pushed.unread).toMatchObject({ count: 2, certain: true });
    expect(withChange(counted(listOf(3), 4, 4), change(row(4))).list.unread).toMatchObject({ count: 4, certain: true });
    expect(withChange(counted(listOf(3), 0, 4), readMark(3, 4)).list.unread).toMatchObject({ count: 0, certain: true });
    expect(withChange(counted(listOf(3), 2, 4), deleted(3, 4)).list.unread).toMatchObject({ count: 2, certain: true });
  });

  it('does not hold what comes after it', () => {
    const pushed = withChange(counted(listOf(3), 3, 3), change(row(2, { isRead: true, seq: 4 }))).list;
    expect(pushed.unread).toMatchObject({ count: 2, certain: true });
  });

  it('is uncertain once something later came, or was done, while what it holds is not all in', () => {
    const list = counted(listOf(3), 2, 4);
    expect(isBehind(list)).toBe(true);
    expect(withChange(list, change(row(2, { isRead: true, seq: 5 }))).list.unread.certain).toBe(false);
    expect(withAction(list, 'id-2', 'read').unread.certain).toBe(false);
    expect(withAllRead(list, 3).unread.certain).toBe(false);
    const caughtUp = withChange(list, change(row(2, { isRead: true, seq: 4 }))).list;
    expect(isBehind(caughtUp)).toBe(false);
    expect(withAction(caughtUp, 'id-1', 'read').unread).toMatchObject({ count: 1, certain: true });
  });

  it('is uncertain when the stream moved while it was counted, or began anew', () => {
    const page = { items: [], unreadCount: 2, hasMore: false };
    expect(withPage(listOf(3), { ...page, cursor: null }).unread.certain).toBe(false);
    const other = formatCursor({ epoch: 'other', seq: 9 });
    const anew = withPage(listOf(3), { ...page, cursor: other });
    expect(anew.unread.certain).toBe(false);
    expect(isBehind(anew)).toBe(false);
  });
});

describe('what the person did', () => {
  it('shows at once, and its push changes nothing more', () => {
    const list = withAction(listOf(3), 'id-2', 'read');
    expect(list.unread.count).toBe(2);
    expect(withChange(list, change(row(2, { isRead: true, seq: 4 }))).list.unread.count).toBe(2);
    expect(numbers(withAction(list, 'id-3', 'archive'))).toEqual([2, 1]);
    expect(numbers(withAction(list, 'id-3', 'remove'))).toEqual([2, 1]);
    expect(withAllRead(list, 3).unread).toMatchObject({ count: 0, certain: true });
  });

  it('to a row that is not here changes nothing', () => {
    const list = listOf(1);
    expect(withAction(list, 'id-9', 'read')).toBe(list);
  });
});

describe('the count at the cap of the server', () => {
  const capped = withPage(listFrom(cursor(1500)), {
    items: [row(1500)],
    unreadCount: 1000,
    hasMore: true,
    cursor: cursor(1500),
  });

  it('stays there with more rows', () => {
    expect(withChange(capped, change(row(1501))).list.unread).toMatchObject({ count: 1000, certain: true });
  });

  it('is uncertain with fewer', () => {
    expect(withChange(capped, change(row(1500, { isRead: true, seq: 1501 }))).list.unread.certain).toBe(false);
  });

  it('is zero after a mark of all', () => {
    expect(withAllRead(capped, 1500).unread).toMatchObject({ count: 0, certain: true });
  });
});

/** The server's side of a history: each act moves its row to the next seq. */
function play(acts: readonly { kind: 'add' | 'read' | 'archive' | 'delete' | 'readAll'; at: number }[]) {
  const rows = new Map<number, NotificationDto>();
  const changes: NotificationChange[] = [];
  let number = 0;
  let readThrough = 0;
  acts.forEach(({ kind, at }, index) => {
    const seq = index + 1;
    const target = rows.get((at % Math.max(1, number)) + 1);
    if (kind === 'readAll') {
      readThrough = number;
      changes.push(readMark(number, seq));
    } else if (kind === 'add' || !target) {
      number += 1;
      rows.set(number, row(number, { seq }));
      changes.push(change(row(number, { seq })));
    } else if (kind === 'delete') {
      rows.delete(target.number);
      changes.push(deleted(target.number, seq));
    } else {
      const changed = row(target.number, {
        ...target,
        seq,
        ...(kind === 'read' ? { isRead: true } : { archived: true }),
      });
      rows.set(target.number, changed);
      changes.push(change(changed));
    }
  });
  const shown = [...rows.values()].filter(({ archived }) => !archived).reverse();
  const unread = shown.filter((each) => !each.isRead && each.number > readThrough).map((each) => each.number);
  return { changes, shown: shown.map((each) => each.number), unread };
}

const histories = fc.array(
  fc.record({
    kind: fc.constantFrom(
      'add' as const,
      'add' as const,
      'read' as const,
      'archive' as const,
      'delete' as const,
      'readAll' as const,
    ),
    at: fc.nat(30),
  }),
  { maxLength: 30 },
);

it('every order of pushes, with repetitions, ends in the state of the server', () => {
  fc.assert(
    fc.property(histories, fc.array(fc.nat(), { maxLength: 60 }), (acts, picks) => {
      const { changes, shown, unread } = play(acts);
      const [first] = [withPage(listFrom(cursor(0)), { items: [], unreadCount: 0, hasMore: false, cursor: cursor(0) })];
      const order = [
        ...picks.map((pick) => changes[pick % Math.max(1, changes.length)]),
        ...changes.toReversed(),
        ...changes,
      ];
      const list = order.reduce((before, each) => (each ? withChange(before, each).list : before), first);
      expect(numbers(list)).toEqual(shown);
      expect(
        visibleRows(list)
          .filter(({ isRead }) => !isRead)
          .map(({ number }) => number),
      ).toEqual(unread);
      expect(cursorOf(list)).toBe(cursor(changes.length));
      expect(list.unread).toMatchObject({ count: unread.length, certain: true });
    }),
  );
});

it('pushes in order keep the count of unread ones right', () => {
  fc.assert(
    fc.property(histories, (acts) => {
      const { changes, unread } = play(acts);
      const first = withPage(listFrom(cursor(0)), { items: [], unreadCount: 0, hasMore: false, cursor: cursor(0) });
      const list = changes.reduce((before, each) => withChange(before, each).list, first);
      expect(list.unread).toMatchObject({ count: unread.length, certain: true });
    }),
  );
});

it('pushes that come after a page that was read before, or after them, are counted once', () => {
  fc.assert(
    fc.property(histories, fc.nat(), fc.nat(), fc.boolean(), (acts, when, pushed, isTurned) => {
      const { changes, unread } = play(acts);
      const seq = when % (changes.length + 1);
      const asOf = play(acts.slice(0, seq)).unread.length;
      const before = changes.slice(0, pushed % (seq + 1));
      const loaded = withPage(listFrom(cursor(0)), { items: [], unreadCount: 0, hasMore: false, cursor: cursor(0) });
      const there = before.reduce((list, each) => withChange(list, each).list, loaded);
      const counted = withPage(there, { items: [], unreadCount: asOf, hasMore: false, cursor: cursor(seq) });
      const rest = changes.slice(before.length);
      const list = (isTurned ? rest.toReversed() : rest).reduce((so, each) => withChange(so, each).list, counted);
      if (!isTurned || list.unread.certain) expect(list.unread).toMatchObject({ count: unread.length, certain: true });
    }),
  );
});
