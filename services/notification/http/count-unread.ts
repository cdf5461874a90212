import type { UnreadCount } from '#shared/contract/notification-dto.ts';
import type { Route } from './route.ts';

export const countUnread: Route = {
  method: 'get',
  path: '/api/notifications/unread-count',
  answer: ({ store }, user): Promise<UnreadCount> => store.countUnread(user),
};
