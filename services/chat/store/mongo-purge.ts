import { ObjectId } from 'mongodb';
import type { MongoDatabase } from './mongo-database.ts';
import type { MongoRows } from './mongo-rows.ts';

const batchSize = 200;

type Tombstone = { readonly _id: ObjectId; readonly ConversationId: ObjectId; readonly Seq: number };

/** Raises each conversation's floor before it removes, so that no reader misses a deletion without being told. */
export async function purgeTombstones(
  database: MongoDatabase,
  rows: MongoRows,
  deletedBefore: Date,
): Promise<{ removed: number }> {
  let removed = 0;
  await database.attempt(async () => {
    const cursor = database.rows.find<Tombstone>(
      // A pair that is opened again is answered with its first row.
      { Deleted: true, UpdatedAt: { $lt: deletedBefore }, Number: { $gt: 1 }, PendingSince: 0 },
      { projection: { _id: 1, ConversationId: 1, Seq: 1 }, batchSize },
    );
    await using _ = { [Symbol.asyncDispose]: () => cursor.close() };
    while (await cursor.hasNext()) {
      const tombstones = cursor.readBufferedDocuments(batchSize);
      const byConversation = Map.groupBy(tombstones, ({ ConversationId }) => ConversationId.toHexString());
      for (const [conversation, ofStream] of byConversation) {
        removed += await removeFrom(database, rows, conversation, ofStream);
      }
    }
  });
  return { removed };
}

async function removeFrom(
  database: MongoDatabase,
  rows: MongoRows,
  conversation: string,
  tombstones: readonly Tombstone[],
): Promise<number> {
  const head = await rows.head(conversation);
  const removable = tombstones.filter(({ Seq }) => Seq < head.seq);
  if (removable.length === 0) return 0;
  const floor = Math.max(...removable.map(({ Seq }) => Seq));
  await database.conversations.updateOne({ _id: new ObjectId(conversation) }, { $max: { Floor: floor } });
  const { deletedCount } = await database.rows.deleteMany({ _id: { $in: removable.map(({ _id }) => _id) } });
  return deletedCount;
}
