import { z } from 'zod';
import { formatCursor } from '#shared/contract/cursor.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import type { UserId } from '#shared/contract/ids.ts';
import type { NotificationGroupPage, NotificationPage } from '#shared/contract/notification-dto.ts';
import { flagField, integerField, limitField } from '#shared/http/query-fields.ts';
import { notificationGroupPage, notificationPage } from '#shared/schemas/notifications.ts';
import { groupNotifications } from '../domain/group-notifications.ts';
import { toNotificationDto } from '../domain/present.ts';
import type { ListPage, NotificationStore } from '../store/notification-store.ts';
import { type RouteContext, route } from './route.ts';

/** Offsets cost what they skip: older rows are read by cursor. */
const maxOffset = 100_000;
/** The newest rows that groups are made of. */
const groupWindow = 500;

type Paging = { readonly archived: boolean; readonly offset: number; readonly limit: number };

const page = integerField({ min: 1 }).optional();
const query = z.object({
  page: page.meta({ description: 'from 1, the default' }),
  pageIndex: page.meta({ description: 'as `page`, which goes before it' }),
  pageSize: limitField({ default: 10, cap: 100 }),
  archived: flagField().meta({ description: 'those in the archive instead' }),
  grouped: flagField().meta({ description: 'groups instead of single notifications' }),
});

/** `?page=` or `?pageIndex=` (from 1), `?pageSize=` (default 10, capped at 100), `?archived=true`, `?grouped=true`. */
export const listNotifications = route({
  method: 'get',
  path: '/api/notifications',
  name: 'listNotifications',
  summary: 'List the own notifications, newest first',
  query,
  answers: { 200: z.union([notificationPage, notificationGroupPage]) },
  refuses: [],
  async answer(context, call) {
    const paging = readPaging(call.query);
    return call.query.grouped ? groups(context, call.user, paging) : rows(context, call.user, paging);
  },
});

function readPaging({ page, pageIndex, pageSize: limit, archived }: z.output<typeof query>): Paging {
  const asked = page ?? pageIndex ?? 1;
  const maxPage = Math.floor(maxOffset / limit) + 1;
  if (asked > maxPage) throw new PlatformError('bad_request', `page must be an integer from 1 to ${maxPage}`);
  return { archived, offset: (asked - 1) * limit, limit };
}

async function rows({ store }: RouteContext, user: UserId, paging: Paging): Promise<NotificationPage> {
  const epoch = await store.epoch();
  const { items, unread, seq } = await asOfOneMoment(store, user, paging);
  return {
    items: items.map(toNotificationDto),
    unreadCount: unread.count,
    hasMore: items.length === paging.limit,
    cursor: seq === undefined ? null : formatCursor({ epoch, seq }),
  };
}

async function groups({ store }: RouteContext, user: UserId, paging: Paging): Promise<NotificationGroupPage> {
  const window = { archived: paging.archived, offset: 0, limit: groupWindow };
  const { items, unread } = await asOfOneMoment(store, user, window);
  const all = groupNotifications(items);
  const end = paging.offset + paging.limit;
  return { groups: all.slice(paging.offset, end), unreadCount: unread.count, hasMore: all.length > end };
}

const maxReadings = 3;

/** A client adds what comes after the rows to the count: reads again while the stream moves between the two. */
async function asOfOneMoment(store: NotificationStore, user: UserId, page: ListPage) {
  for (let reading = 1; ; reading += 1) {
    const before = await headSeq(store, user);
    const [items, unread] = await Promise.all([store.list(user, page), store.countUnread(user)]);
    const after = await headSeq(store, user);
    if (before === after) return { items, unread, seq: after };
    if (reading === maxReadings) return { items, unread };
  }
}

async function headSeq(store: NotificationStore, user: UserId): Promise<number> {
  const [head] = await store.heads([user]);
  return head?.seq ?? 0;
}
