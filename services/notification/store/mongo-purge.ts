import type { ObjectId } from 'mongodb';
import type { MongoDatabase } from './mongo-database.ts';

const batchSize = 200;

type Tombstone = { readonly _id: ObjectId; readonly RecipientId: string; readonly Seq: number };

/** Raises each stream's floor before it removes, so that no reader misses a deletion without being told. */
export async function purgeTombstones(database: MongoDatabase, deletedBefore: Date): Promise<{ removed: number }> {
  let removed = 0;
  await database.attempt(async () => {
    const cursor = database.rows.find<Tombstone>(
      { Deleted: true, UpdatedAt: { $lt: deletedBefore } },
      { projection: { _id: 1, RecipientId: 1, Seq: 1 }, batchSize },
    );
    await using _ = { [Symbol.asyncDispose]: () => cursor.close() };
    while (await cursor.hasNext()) {
      const tombstones = cursor.readBufferedDocuments(batchSize);
      for (const [recipient, ofStream] of Map.groupBy(tombstones, ({ RecipientId }) => RecipientId)) {
        removed += await removeFrom(database, recipient, ofStream);
      }
    }
  });
  return { removed };
}

async function removeFrom(
  database: MongoDatabase,
  recipient: string,
  tombstones: readonly Tombstone[],
): Promise<number> {
  const head = await database.head(recipient);
  const removable = tombstones.filter(({ Seq }) => Seq < head.seq);
  if (removable.length === 0) return 0;
  const floor = Math.max(...removable.map(({ Seq }) => Seq));
  await database.streams.updateOne({ _id: recipient }, { $max: { Floor: floor } }, { upsert: true });
  const { deletedCount } = await database.rows.deleteMany({ _id: { $in: removable.map(({ _id }) => _id) } });
  return deletedCount;
}
