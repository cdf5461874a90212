import { describe, it } from 'vitest';
import { createLogger } from '#shared/runtime/log.ts';
import { prepareMongoSuite } from '#shared/store/mongo-suite.fixture.ts';
import { describeOnServers } from '#test/dev-env/contract-servers.ts';
import { describeChatStore } from './chat-store.contract.ts';
import type { StoreUnderTest } from './chat-store.fixture.ts';
import { connectMongoChatStore } from './mongo-chat-store.ts';
import { chatIndexes } from './mongo-indexes.ts';

const log = createLogger({ name: 'test', level: 'silent' });

describeOnServers('mongodb', 'ChatStore on MongoDB', (url) => {
  const mongo = prepareMongoSuite(url);
  const { database } = mongo;

  describeChatStore(async (): Promise<StoreUnderTest> => {
    const address = await url();
    return {
      scale: (await mongo.isSlow()) ? 'small' : 'medium',
      open: async (clock) => connectMongoChatStore({ url: address, database, clock, log }),
      async [Symbol.asyncDispose]() {},
    };
  });

  describe('indexes', () => {
    it.each(Object.entries(chatIndexes))('of %s are all there', (collection, indexes) =>
      mongo.expectIndexes(collection, indexes),
    );
  });
});
