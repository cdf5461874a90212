import { z } from 'zod';
import { formatCursor, parseCursor } from '#shared/contract/cursor.ts';
import type { NotificationFeed } from '#shared/contract/notification-dto.ts';
import { limitField, parsedField } from '#shared/http/query-fields.ts';
import { notificationFeed } from '#shared/schemas/notifications.ts';
import { resumeAfter } from '#shared/stream/feed.ts';
import { toNotificationChange } from '../domain/present.ts';
import { route } from './route.ts';

/** `?after=<cursor>` (absent: from the beginning), `?limit=` (default 100, capped at 500). */
export const readFeed = route({
  method: 'get',
  path: '/api/notifications/feed',
  name: 'readNotificationFeed',
  summary: 'What changed after a cursor, oldest change first',
  query: z.object({
    after: parsedField(parseCursor, 'must be a cursor that we gave out')
      .meta({ description: 'absent: from the beginning' })
      .optional(),
    limit: limitField({ default: 100, cap: 500 }),
  }),
  answers: { 200: notificationFeed },
  refuses: [],
  async answer({ store }, { user, query }): Promise<NotificationFeed> {
    const epoch = await store.epoch();
    const after = resumeAfter(query.after, epoch);
    if (after === undefined) {
      const [head] = await store.heads([user]);
      const end = formatCursor({ epoch, seq: head?.seq ?? 0 });
      return { changes: [], cursor: end, head: end, reload: true };
    }
    // Before the rows are read: what is deleted later, this reader may know.
    const since = after === 0 ? (await store.heads([user]))[0]?.seq : query.after?.since;
    const feed = await store.changes(user, after, query.limit, since);
    return {
      changes: feed.rows.map(toNotificationChange),
      cursor: formatCursor({ epoch, seq: feed.through, ...(since !== undefined && { since }) }),
      head: formatCursor({ epoch, seq: feed.head.seq }),
      reload: feed.reload,
    };
  },
});
