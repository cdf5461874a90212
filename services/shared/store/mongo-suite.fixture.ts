import { randomBytes } from 'node:crypto';
import { type IndexDescription, MongoClient } from 'mongodb';
import { afterAll, beforeAll, expect } from 'vitest';

export type MongoSuite = {
  readonly client: MongoClient;
  /** Of this suite alone. */
  readonly database: string;
  /** Whether the server is the slow one of the two. */
  isSlow(): Promise<boolean>;
  expectIndexes(collection: string, indexes: readonly IndexDescription[]): Promise<void>;
};

/** A database for one suite on a shared server, dropped at its end. */
export function prepareMongoSuite(url: () => Promise<string>): MongoSuite {
  const database = `sonixy_test_${randomBytes(6).toString('hex')}`;
  let client: MongoClient;

  beforeAll(async () => {
    client = new MongoClient(await url());
  });

  afterAll(async () => {
    await client?.db(database).dropDatabase();
    await client?.close();
  });

  return {
    get client() {
      return client;
    },
    database,
    async isSlow() {
      const { secantusVersion } = await client.db('admin').command({ buildInfo: 1 });
      return secantusVersion !== undefined;
    },
    async expectIndexes(collection, indexes) {
      const known = await client.db(database).collection(collection).indexes();
      for (const { name, key, unique } of indexes) {
        const found = known.find((index) => index.name === name);
        expect(found, name).toMatchObject({ name, key });
        expect(found?.unique === true, name).toBe(unique === true);
      }
    },
  };
}
