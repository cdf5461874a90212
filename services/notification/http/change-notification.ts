import type { RowChange } from '../domain/notification-row.ts';
import type { Route } from './route.ts';

export const markRead = changeRoute('put', '/api/notifications/:id/read', 'read');
export const archive = changeRoute('put', '/api/notifications/:id/archive', 'archive');
export const unarchive = changeRoute('put', '/api/notifications/:id/unarchive', 'unarchive');
export const deleteNotification = changeRoute('delete', '/api/notifications/:id', 'delete');

/** Changes the user's own row. An unknown, foreign or malformed id changes nothing and is answered alike: nobody learns what exists. */
function changeRoute(method: 'put' | 'delete', path: string, change: RowChange): Route {
  return {
    method,
    path,
    async answer({ store, pusher }, user, request) {
      const id = request.params['id'];
      const outcome = typeof id === 'string' ? await store.change(user, id, change) : undefined;
      if (outcome?.changed) pusher.push(user, outcome.row);
      return {};
    },
  };
}
