import { MongoClient } from 'mongodb';

/** Whether there is a real mongod at that address: what only speaks its wire protocol says nothing about it. */
export async function isMongod(url: string): Promise<boolean> {
  const client = await MongoClient.connect(url, { serverSelectionTimeoutMS: 5_000 });
  try {
    const [status, build] = [
      await client.db('admin').command({ serverStatus: 1 }),
      await client.db('admin').command({ buildInfo: 1 }),
    ];
    return status['process'] === 'mongod' && status['wiredTiger'] !== undefined && build['gitVersion'] !== undefined;
  } catch {
    return false;
  } finally {
    await client.close();
  }
}
