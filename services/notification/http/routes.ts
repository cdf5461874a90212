import { archive, deleteNotification, markRead, unarchive } from './change-notification.ts';
import { countUnread } from './count-unread.ts';
import { listNotifications } from './list-notifications.ts';
import { readAll } from './read-all.ts';
import { readFeed } from './read-feed.ts';
import type { Route } from './route.ts';

/** Every public route; fixed paths before those with an id. */
export const routes: readonly Route[] = [
  listNotifications,
  countUnread,
  readFeed,
  readAll,
  markRead,
  archive,
  unarchive,
  deleteNotification,
];
