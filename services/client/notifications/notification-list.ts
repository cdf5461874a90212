import { parseCursor } from '../../shared/contract/cursor.ts';
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
  /**
   * `certain` is false after a change of a row that is not loaded: read a page to settle it. `asOf`: the count of a page
   * holds all changes up to that seq, also those that have not come yet.
   */
  readonly unread: { readonly count: number; readonly certain: boolean; readonly asOf: number };
};

export const emptyList: NotificationList = {
  ...noPlace,
  rows: new Map(),
  gone: new Set(),
  readThrough: 0,
  newest: 0,
  floor: Number.POSITIVE_INFINITY,
  hasMore: false,
  unread: { count: 0, certain: false, asOf: 0 },
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

/** Whether the count holds changes that are not in yet. The hub may send them yet. */
export function isBehind({ position, unread }: NotificationList): boolean {
  return position !== undefined && position.seq < unread.asOf;
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
  const place = page.cursor === null ? undefined : parseCursor(page.cursor);
  const asOf = place !== undefined && place.epoch === list.position?.epoch ? place.seq : undefined;
  return {
    ...merged,
    floor,
    hasMore: floor === list.floor ? list.hasMore : page.hasMore,
    unread: { count: page.unreadCount, certain: certain && asOf !== undefined, asOf: asOf ?? 0 },
  };
}

/** The person read, archived or removed this one and the server said yes; its push may come later or never. */
export function withAction(list: NotificationList, id: string, action: RowAction): NotificationList {
  const row = list.rows.get(id);
  if (!row) return list;
  if (action === 'remove') {
    const deleted = { id, seq: row.seq, number: row.number };
    return merge(list, [{ kind: 'deleted', notification: deleted }], { acted: true }).list;
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
  return merge(list, [{ kind: 'read', mark: { seq: 0, readThrough } }], { acted: true }).list;
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
  const behind = isBehind(list);
  /** Whether the count does not hold it yet. A later one while it is behind may follow a state of its row that nobody saw. */
  const counts = (seq: number) => {
    const isLater = acted || seq > list.unread.asOf;
    certain &&= !(isLater && behind);
    return isLater;
  };
  const isUnread = (row: NotificationDto) => !row.isRead && !row.archived && row.number > readThrough;

  for (const change of changes) {
    if (change.kind === 'read') {
      const through = change.mark.readThrough;
      if (through <= readThrough) continue;
      if (counts(change.mark.seq)) {
        count -= [...rows.values()].filter((row) => row.number <= through && isUnread(row)).length;
        if (through >= newest) [count, certain] = [0, !behind];
        else certain &&= list.floor <= 1;
      }
      readThrough = through;
      continue;
    }
    const { id, number, seq } = change.notification;
    const known = rows.get(id);
    // Among those that are loaded, one that nobody knew has come late.
    const isNew = number > newest || (!known && number >= list.floor);
    if (gone.has(id)) continue;
    if (known && change.kind === 'notification' && (known.seq > seq || (known.seq === seq && !acted))) continue;
    newest = Math.max(newest, number);
    const isLater = counts(seq);
    if (isLater) certain &&= isNew || known !== undefined;
    if (isLater && known && isUnread(known)) count -= 1;
    if (change.kind === 'deleted') {
      gone.add(id);
      rows.delete(id);
      continue;
    }
    const row = change.notification;
    if (isNew) arrived.push(row);
    if (isLater && (isNew || known) && isUnread(row)) count += 1;
    // Also one that is not loaded: a page that is on its way may show an older state of it.
    rows.set(id, row);
  }

  // The server counts no further than its cap: from there a difference says nothing.
  if (list.unread.count >= unreadCap && count > 0) [count, certain] = [unreadCap, certain && count >= unreadCap];
  return {
    list: { ...list, rows, gone, readThrough, newest, unread: { ...list.unread, count: Math.max(0, count), certain } },
    arrived: arrived.filter((row) => !gone.has(row.id) && isUnread(row)).sort((a, b) => a.number - b.number),
  };
}

function seqOf(change: NotificationChange): number {
  return change.kind === 'read' ? change.mark.seq : change.notification.seq;
}
