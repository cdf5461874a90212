import { unreadCount } from '#shared/schemas/notifications.ts';
import { route } from './route.ts';

export const countUnread = route({
  method: 'get',
  path: '/api/notifications/unread-count',
  name: 'countUnreadNotifications',
  summary: 'How many notifications are unread',
  answers: { 200: unreadCount },
  refuses: [],
  answer: ({ store }, { user }) => store.countUnread(user),
});
