import type { Route } from './route.ts';

export const readAll: Route = {
  method: 'put',
  path: '/api/notifications/read-all',
  async answer({ store, pusher }, user) {
    const outcome = await store.readAll(user);
    if (outcome?.changed) pusher.push(user, outcome.row);
    return {};
  },
};
