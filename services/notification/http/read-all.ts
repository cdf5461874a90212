import { nothing } from '#shared/schemas/errors.ts';
import { route } from './route.ts';

export const readAll = route({
  method: 'put',
  path: '/api/notifications/read-all',
  name: 'readAllNotifications',
  summary: 'Mark all notifications as read',
  answers: { 200: nothing },
  refuses: [],
  async answer({ store, pusher }, { user }) {
    const epoch = await store.epoch();
    const outcome = await store.readAll(user);
    if (outcome?.changed) pusher.push(user, outcome.row, epoch);
    return {};
  },
});
