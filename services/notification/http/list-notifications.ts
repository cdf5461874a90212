import type { UserId } from '#shared/contract/ids.ts';
import type { NotificationGroupPage, NotificationPage } from '#shared/contract/notification-dto.ts';
import { type Query, readQuery } from '#shared/http/query.ts';
import { groupNotifications } from '../domain/group-notifications.ts';
import { toNotificationDto } from '../domain/present.ts';
import type { Route, RouteContext } from './route.ts';

const defaultPageSize = 10;
const maxPageSize = 100;
/** Offsets cost what they skip: older rows are read by cursor. */
const maxOffset = 100_000;
/** The newest rows that groups are made of. */
const groupWindow = 500;

type Paging = { readonly archived: boolean; readonly offset: number; readonly limit: number };

/** `?page=` or `?pageIndex=` (from 1), `?pageSize=` (default 10, capped at 100), `?archived=true`, `?grouped=true`. */
export const listNotifications: Route = {
  method: 'get',
  path: '/api/notifications',
  answer(context, user, request) {
    const query = readQuery(request);
    const paging = readPaging(query);
    return query.flag('grouped') ? groups(context, user, paging) : rows(context, user, paging);
  },
};

function readPaging(query: Query): Paging {
  const asked = query.integer(['pageSize'], { default: defaultPageSize, min: 1, max: Number.MAX_SAFE_INTEGER });
  const limit = Math.min(asked, maxPageSize);
  const maxPage = Math.floor(maxOffset / limit) + 1;
  const page = query.integer(['page', 'pageIndex'], { default: 1, min: 1, max: maxPage });
  return { archived: query.flag('archived'), offset: (page - 1) * limit, limit };
}

async function rows({ store }: RouteContext, user: UserId, paging: Paging): Promise<NotificationPage> {
  const [items, unread] = await Promise.all([store.list(user, paging), store.countUnread(user)]);
  return {
    items: items.map(toNotificationDto),
    unreadCount: unread.count,
    hasMore: items.length === paging.limit,
  };
}

async function groups({ store }: RouteContext, user: UserId, paging: Paging): Promise<NotificationGroupPage> {
  const window = { archived: paging.archived, offset: 0, limit: groupWindow };
  const [items, unread] = await Promise.all([store.list(user, window), store.countUnread(user)]);
  const all = groupNotifications(items);
  const end = paging.offset + paging.limit;
  return { groups: all.slice(paging.offset, end), unreadCount: unread.count, hasMore: all.length > end };
}
