import { z } from 'zod';
import { nothing } from '#shared/schemas/errors.ts';
import type { RowChange } from '../domain/notification-row.ts';
import { type Route, route } from './route.ts';

const path = '/api/notifications/:id';

export const markRead = changeRoute({
  method: 'put',
  path: `${path}/read`,
  name: 'markNotificationRead',
  summary: 'Mark a notification as read',
  change: 'read',
});
export const archive = changeRoute({
  method: 'put',
  path: `${path}/archive`,
  name: 'archiveNotification',
  summary: 'Put a notification into the archive',
  change: 'archive',
});
export const unarchive = changeRoute({
  method: 'put',
  path: `${path}/unarchive`,
  name: 'unarchiveNotification',
  summary: 'Take a notification out of the archive',
  change: 'unarchive',
});
export const deleteNotification = changeRoute({
  method: 'delete',
  path,
  name: 'deleteNotification',
  summary: 'Delete a notification',
  change: 'delete',
});

type Change = Pick<Route, 'method' | 'path' | 'name' | 'summary'> & { readonly change: RowChange };

/** Changes the user's own row. An unknown, foreign or malformed id changes nothing and is answered alike: nobody learns what exists. */
function changeRoute({ change, ...operation }: Change): Route {
  return route({
    ...operation,
    params: z.object({
      id: z
        .string()
        .meta({ description: 'id of an own notification; any other changes nothing and is answered alike' }),
    }),
    answers: { 200: nothing },
    refuses: [],
    async answer({ store, pusher }, { user, params }) {
      const epoch = await store.epoch();
      const outcome = await store.change(user, params.id, change);
      if (outcome?.changed) pusher.push(user, outcome.row, epoch);
      return {};
    },
  });
}
