import { formatCursor, parseCursor } from '#shared/contract/cursor.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import type { NotificationFeed } from '#shared/contract/notification-dto.ts';
import { readQuery } from '#shared/http/query.ts';
import { resumeAfter } from '#shared/stream/feed.ts';
import { toNotificationChange } from '../domain/present.ts';
import type { Route } from './route.ts';

const defaultLimit = 100;
const maxLimit = 500;

/** `?after=<cursor>` (absent: from the beginning), `?limit=` (default 100, capped at 500). */
export const readFeed: Route = {
  method: 'get',
  path: '/api/notifications/feed',
  async answer({ store }, user, request): Promise<NotificationFeed> {
    const query = readQuery(request);
    const text = query.text('after');
    const cursor = text === undefined ? undefined : parseCursor(text);
    if (text !== undefined && !cursor)
      throw new PlatformError('bad_request', 'after must be a cursor that we gave out');
    const asked = query.integer(['limit'], { default: defaultLimit, min: 1, max: Number.MAX_SAFE_INTEGER });
    const epoch = await store.epoch();
    const after = resumeAfter(cursor, epoch);
    if (after === undefined) {
      const [head] = await store.heads([user]);
      const end = formatCursor({ epoch, seq: head?.seq ?? 0 });
      return { changes: [], cursor: end, head: end, reload: true };
    }
    const feed = await store.changes(user, after, Math.min(asked, maxLimit));
    return {
      changes: feed.rows.map(toNotificationChange),
      cursor: formatCursor({ epoch, seq: feed.through }),
      head: formatCursor({ epoch, seq: feed.head.seq }),
      reload: feed.reload,
    };
  },
};
