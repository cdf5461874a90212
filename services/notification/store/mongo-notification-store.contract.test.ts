import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collections } from '#shared/contract/names.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { describeOnServers } from '#test/dev-env/contract-servers.ts';
import { rowIndexes } from './mongo-indexes.ts';
import { connectMongoNotificationStore } from './mongo-notification-store.ts';
import { describeNotificationStore } from './notification-store.contract.ts';
import type { StoreUnderTest } from './notification-store.fixture.ts';

const log = createLogger({ name: 'test', level: 'silent' });

describeOnServers('mongodb', 'NotificationStore on MongoDB', (url) => {
  const database = `sonixy_test_${randomBytes(6).toString('hex')}`;
  let client: MongoClient;

  beforeAll(async () => {
    client = new MongoClient(await url());
  });

  afterAll(async () => {
    await client?.db(database).dropDatabase();
    await client?.close();
  });

  describeNotificationStore(async (): Promise<StoreUnderTest> => {
    const address = await url();
    const { secantusVersion } = await client.db('admin').command({ buildInfo: 1 });
    const isSlow = secantusVersion !== undefined;
    const patience = isSlow ? { patienceMs: 30_000 } : {};
    return {
      scale: isSlow ? 'small' : 'full',
      open: async (clock) => connectMongoNotificationStore({ url: address, database, clock, log, ...patience }),
      async [Symbol.asyncDispose]() {},
    };
  });

  describe('indexes', () => {
    it('are all there', async () => {
      const known = await client.db(database).collection(collections.notificationRows).indexes();
      for (const { name, key, unique } of rowIndexes) {
        const found = known.find((index) => index.name === name);
        expect(found, name).toMatchObject({ name, key });
        expect(found?.unique === true, name).toBe(unique === true);
      }
    });
  });
});
