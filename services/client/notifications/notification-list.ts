import {
  type NotificationChange,
  type NotificationDto,
  type NotificationFeed,
  type NotificationPage,
  unreadCap,
} from '../../shared/contract/notification-dto.ts';
import { isIn, noPlace, placeAt, type StreamPlace, withRead, withSeq } from '../stream/stream-place.ts';

/**
 * What a client knows of one user's notifications. Rows may come in any order, any number of times and from pushes, feed
 * and pages alike: the latest state of each row wins, by `seq`, and a row that is gone stays gone.
 */
export type NotificationList = StreamPlace & {
  readonly rows: ReadonlyMap<string, NotificationDto>;
  readonly gone: ReadonlySet<string>;
  /** Rows up to this number are read. */
  readonly readThrough: number;
  /** Highest number met. */
  readonly newest: number;
  /** Rows from this number on are all loaded; Infinity before the first page. */
  readonly floor: number;
  readonly hasMore: boolean;
  /** `certain` is false after a change of a row that is not loaded: read a page to settle it. */
  readonly unread: { readonly count: number; readonly certain: boolean };
};

export const emptyList: NotificationList = {
  ...noPlace,
  rows: new Map(),
  gone: new Set(),
  readThrough: 0,
  newest: 0,
  floor: Number.POSITIVE_INFINITY,
  hasMore: false,
  unread: { count: 0, certain: false },
};

/** `arrived`: rows that nobody has seen here before, oldest first. */
export type Merged = { readonly list: NotificationList; readonly arrived: readonly NotificationDto[] };

/** A list that follows the stream from `cursor` on, with nothing loaded. */
export function listFrom(cursor: string): NotificationList {
  return { ...emptyList, ...placeAt(cursor) };
}

/** Whether the first page is in. */
export function isLoaded(list: NotificationList): boolean {
  return list.floor !== Number.POSITIVE_INFINITY;
}

export function withChange(list: NotificationList, change: NotificationChange): Merged {
  if (isIn(list, seqOf(change))) return { list, arrived: [] };
  const merged = merge(list, [change]);
  return { ...merged, list: withSeq(merged.list, seqOf(change)) };
}

/** Takes an answer of the feed that was not `reload`. */
export function withFeed(list: NotificationList, feed: NotificationFeed): Merged {
  const merged = merge(list, feed.changes);
  return { ...merged, list: withRead(merged.list, feed.cursor) };
}

/** Whether nothing can lie between what is loaded and `page`, the `index`th (from 1): else read the page before it too. */
export function continues(list: NotificationList, page: NotificationPage, index: number): boolean {
  const first = page.items[0];
  return index === 1 || first === undefined || first.number >= list.floor - 1;
}

/** Takes a page of the history. Its count of unread ones is as of its rows; `certain`: nothing came while it was read. */
export function withPage(list: NotificationList, page: NotificationPage, certain = true): NotificationList {
  const { list: merged } = merge(
    list,
    page.items.map((notification) => ({ kind: 'notification', notification })),
  );
  const last = page.items.at(-1);
  const floor = page.hasMore ? Math.min(list.floor, last?.number ?? list.floor) : 0;
  return {
    ...merged,
    floor,
    hasMore: floor === list.floor ? list.hasMore : page.hasMore,
    unread: { count: page.unreadCount, certain },
  };
}

/** The person read, archived or removed this one and the server said yes; its push may come later or never. */
export function withAction(list: NotificationList, id: string, action: RowAction): NotificationList {
  const row = list.rows.get(id);
  if (!row) return list;
  if (action === 'remove') {
    return merge(list, [{ kind: 'deleted', notification: { id, seq: row.seq, number: row.number } }]).list;
  }
  const notification = { ...row, ...outcomes[action] };
  return merge(list, [{ kind: 'notification', notification }], { acted: true }).list;
}

export type RowAction = 'read' | 'archive' | 'unarchive' | 'remove';

const outcomes = {
  read: { isRead: true, status: 1 },
  archive: { archived: true },
  unarchive: { archived: false },
} as const satisfies Record<string, Partial<NotificationDto>>;

/** All rows up to `readThrough` were read and the server said yes. */
export function withAllRead(list: NotificationList, readThrough: number): NotificationList {
  return merge(list, [{ kind: 'read', mark: { seq: 0, readThrough } }]).list;
}

/** Newest first, without archived ones; every row in its present state. */
export function visibleRows(list: NotificationList): NotificationDto[] {
  return [...list.rows.values()]
    .filter((row) => row.number >= list.floor && !row.archived)
    .sort((a, b) => b.number - a.number)
    .map((row) => (row.isRead || row.number > list.readThrough ? row : { ...row, isRead: true, status: 1 as const }));
}

function merge(
  list: NotificationList,
  changes: readonly NotificationChange[],
  { acted = false }: { acted?: boolean } = {},
): Merged {
  const rows = new Map(list.rows);
  const gone = new Set(list.gone);
  const arrived: NotificationDto[] = [];
  let { readThrough, newest } = list;
  let { count, certain } = list.unread;
  const isUnread = (row: NotificationDto) => !row.isRead && !row.archived && row.number > readThrough;

  for (const change of changes) {
    if (change.kind === 'read') {
      const through = change.mark.readThrough;
      if (through <= readThrough) continue;
      count -= [...rows.values()].filter((row) => row.number <= through && isUnread(row)).length;
      readThrough = through;
      if (through >= newest) [count, certain] = [0, true];
      else certain &&= list.floor <= 1;
      continue;
    }
    const { id, number, seq } = change.notification;
    const known = rows.get(id);
    // Among those that are loaded, one that nobody knew has come late.
    const isNew = number > newest || (!known && number >= list.floor);
    if (gone.has(id)) continue;
    if (known && change.kind === 'notification' && (known.seq > seq || (known.seq === seq && !acted))) continue;
    newest = Math.max(newest, number);
    certain &&= isNew || known !== undefined;
    if (known && isUnread(known)) count -= 1;
    if (change.kind === 'deleted') {
      gone.add(id);
      rows.delete(id);
      continue;
    }
    const row = change.notification;
    if (isNew) arrived.push(row);
    if ((isNew || known) && isUnread(row)) count += 1;
    // Also one that is not loaded: a page that is on its way may show an older state of it.
    rows.set(id, row);
  }

  // The server counts no further than its cap: from there a difference says nothing.
  if (list.unread.count >= unreadCap && count > 0) [count, certain] = [unreadCap, certain && count >= unreadCap];
  return {
    list: { ...list, rows, gone, readThrough, newest, unread: { count: Math.max(0, count), certain } },
    arrived: arrived.filter((row) => !gone.has(row.id) && isUnread(row)).sort((a, b) => a.number - b.number),
  };
}

function seqOf(change: NotificationChange): number {
  return change.kind === 'read' ? change.mark.seq : change.notification.seq;
}
