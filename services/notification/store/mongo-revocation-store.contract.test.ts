import { describe, it } from 'vitest';
import { collections } from '#shared/contract/names.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { prepareMongoSuite } from '#shared/store/mongo-suite.fixture.ts';
import { describeOnServers } from '#test/dev-env/contract-servers.ts';
import { connectMongoRevocationStore, revocationIndexes } from './mongo-revocation-store.ts';
import { describeRevocationStore } from './revocation-store.contract.ts';

const log = createLogger({ name: 'test', level: 'silent' });

describeOnServers('mongodb', 'RevocationStore on MongoDB', (url) => {
  const mongo = prepareMongoSuite(url);
  const { database } = mongo;

  describeRevocationStore(async () => {
    const address = await url();
    return {
      open: async (clock, limits = {}) =>
        connectMongoRevocationStore({ url: address, database, clock, log, patienceMs: 30_000, limits }),
      async [Symbol.asyncDispose]() {},
    };
  });

  describe('indexes', () => {
    it('are all there', () => mongo.expectIndexes(collections.revocations, revocationIndexes));
  });
});
