import { MongoClient } from 'mongodb';
import { expect, test } from 'vitest';
import { startMongoDev } from './mongodev.ts';
import { startSecantus } from './secantus.ts';
import { describeWithServer } from './with-server.ts';

for (const { name, start } of [
  { name: 'mongodev', start: startMongoDev },
  { name: 'secantus', start: startSecantus },
] as const) {
  describeWithServer(name, `${name}: a MongoDB-wire server`, () => {
    test('keeps acknowledged writes and unique keys over a kill', async () => {
      await using server = await start();
      const client = new MongoClient(server.url);
      const rows = () => client.db('app').collection<{ _id: number; key: string }>('rows');
      await rows().createIndex({ key: 1 }, { unique: true, name: 'app_rows_key' });
      const concern = { writeConcern: { w: 'majority' } } as const;
      await rows().insertMany(
        [1, 2, 3].map((n) => ({ _id: n, key: `k${n}` })),
        concern,
      );
      await server.kill();
      await server.restart();
      await expect(rows().insertOne({ _id: 4, key: 'k1' }, concern)).rejects.toMatchObject({ code: 11000 });
      expect(await rows().find({}, { readConcern: 'majority' }).sort({ _id: 1 }).toArray()).toHaveLength(3);
      await client.close();
    });
  });
}
