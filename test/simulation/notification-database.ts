import type { NotificationStore } from '#services/notification/store/notification-store.ts';
import { openSqliteNotificationStore } from '#services/notification/store/sqlite-notification-store.ts';
import { silentLog } from './silent.ts';
import type { DatabaseKind } from './simulated-database.ts';

export const notificationDatabase: DatabaseKind<NotificationStore> = {
  tables: { notification_rows: ['Id'], notification_streams: ['RecipientId'], notification_meta: ['Name'] },
  metaTable: 'notification_meta',
  numbersAbove: 'SELECT Number FROM majorities.notification_rows WHERE Number > ?',
  open: (file, clock) => openSqliteNotificationStore({ file, clock, log: silentLog }),
  reads: ['list', 'countUnread', 'heads', 'changes', 'epoch', 'ping'],
};
