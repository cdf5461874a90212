import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLogger } from '#shared/runtime/log.ts';
import { describeOnServers } from '#test/dev-env/contract-servers.ts';
import { describeChatStore } from './chat-store.contract.ts';
import type { StoreUnderTest } from './chat-store.fixture.ts';
import { connectMongoChatStore } from './mongo-chat-store.ts';
import { chatIndexes } from './mongo-indexes.ts';

const log = createLogger({ name: 'test', level: 'silent' });

describeOnServers('mongodb', 'ChatStore on MongoDB', (url) => {
  const database = `sonixy_test_${randomBytes(6).toString('hex')}`;
  let client: MongoClient;

  beforeAll(async () => {
    client = new MongoClient(await url());
  });

  afterAll(async () => {
    await client?.db(database).dropDatabase();
    await client?.close();
  });

  describeChatStore(async (): Promise<StoreUnderTest> => {
    const address = await url();
    const { secantusVersion } = await client.db('admin').command({ buildInfo: 1 });
    return {
      scale: secantusVersion === undefined ? 'medium' : 'small',
      open: async (clock) => connectMongoChatStore({ url: address, database, clock, log }),
      async [Symbol.asyncDispose]() {},
    };
  });

  describe('indexes', () => {
    it.each(Object.entries(chatIndexes))('of %s are all there', async (collection, indexes) => {
      const known = await client.db(database).collection(collection).indexes();
      for (const { name, key, unique } of indexes) {
        const found = known.find((index) => index.name === name);
        expect(found, name).toMatchObject({ name, key });
        expect(found?.unique === true, name).toBe(unique === true);
      }
    });
  });
});
