import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { StoreConfig } from '../config.ts';
import { connectMongoNotificationStore } from './mongo-notification-store.ts';
import type { NotificationStore } from './notification-store.ts';
import { openSqliteNotificationStore } from './sqlite-notification-store.ts';

/** The adapter that the configuration names. MongoDB is connected to in the background. */
export function openStore(config: StoreConfig, { clock, log }: { clock: Clock; log: Logger }): NotificationStore {
  switch (config.kind) {
    case 'mongo':
      return connectMongoNotificationStore({ url: config.url, database: config.database, clock, log });
    case 'sqlite':
      return openSqliteNotificationStore({ file: config.file, clock, log });
  }
}
