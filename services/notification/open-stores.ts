import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { StoreConfig } from './config.ts';
import { connectMongoNotificationStore } from './store/mongo-notification-store.ts';
import { connectMongoRevocationStore } from './store/mongo-revocation-store.ts';
import type { NotificationStore } from './store/notification-store.ts';
import type { RevocationStore } from './store/revocation-store.ts';
import { openSqliteNotificationStore } from './store/sqlite-notification-store.ts';
import { openSqliteRevocationStore } from './store/sqlite-revocation-store.ts';

export function openStore(config: StoreConfig, log: Logger): NotificationStore {
  if (config.kind === 'mongo') return connectMongoNotificationStore({ ...config, clock, log });
  mkdirSync(config.dataDir, { recursive: true });
  return openSqliteNotificationStore({ file: config.file, clock, log });
}

/** In the same database, or in a file beside. */
export function openRevocationStore(config: StoreConfig, log: Logger): RevocationStore {
  if (config.kind === 'mongo') return connectMongoRevocationStore({ ...config, clock, log });
  mkdirSync(config.dataDir, { recursive: true });
  return openSqliteRevocationStore({ file: revocationFile(config.dataDir), clock });
}

export function revocationFile(dataDir: string): string {
  return join(dataDir, 'revocations.sqlite');
}
