import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { collections } from '#shared/contract/names.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { describeOnServers } from '#test/dev-env/contract-servers.ts';
import { connectMongoRevocationStore, revocationIndexes } from './mongo-revocation-store.ts';
import { describeRevocationStore } from './revocation-store.contract.ts';

const log = createLogger({ name: 'test', level: 'silent' });

describeOnServers('mongodb', 'RevocationStore on MongoDB', (url) => {
  const database = `sonixy_test_${randomBytes(6).toString('hex')}`;
  let client: MongoClient;

  beforeAll(async () => {
    client = new MongoClient(await url());
  });

  afterAll(async () => {
    await client?.db(database).dropDatabase();
    await client?.close();
  });

  describeRevocationStore(async () => {
    const address = await url();
    return {
      open: async (clock, limits = {}) =>
        connectMongoRevocationStore({
          url: address,
          database,
          clock,
          log,
          patienceMs: 30_000,
          limits,
        }),
      async [Symbol.asyncDispose]() {},
    };
  });

  describe('indexes', () => {
    it('are all there', async () => {
      const known = await client.db(database).collection(collections.revocations).indexes();
      for (const { name, key } of revocationIndexes) {
        expect(
          known.find((index) => index.name === name),
          name,
        ).toMatchObject({ name, key });
      }
    });
  });
});
