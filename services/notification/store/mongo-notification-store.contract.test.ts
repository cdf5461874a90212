import { describe, it } from 'vitest';
import { collections } from '#shared/contract/names.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { prepareMongoSuite } from '#shared/store/mongo-suite.fixture.ts';
import { describeOnServers } from '#test/dev-env/contract-servers.ts';
import { rowIndexes } from './mongo-indexes.ts';
import { connectMongoNotificationStore } from './mongo-notification-store.ts';
import { describeNotificationStore } from './notification-store.contract.ts';
import type { StoreUnderTest } from './notification-store.fixture.ts';

const log = createLogger({ name: 'test', level: 'silent' });

describeOnServers('mongodb', 'NotificationStore on MongoDB', (url) => {
  const mongo = prepareMongoSuite(url);
  const { database } = mongo;

  describeNotificationStore(async (): Promise<StoreUnderTest> => {
    const address = await url();
    const isSlow = await mongo.isSlow();
    const patience = isSlow ? { patienceMs: 30_000 } : {};
    return {
      scale: isSlow ? 'small' : 'full',
      open: async (clock) => connectMongoNotificationStore({ url: address, database, clock, log, ...patience }),
      async [Symbol.asyncDispose]() {},
    };
  });

  describe('indexes', () => {
    it('are all there', () => mongo.expectIndexes(collections.notificationRows, rowIndexes));
  });
});
