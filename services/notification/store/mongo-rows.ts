import { type Document, ObjectId } from 'mongodb';
import type { StoredRow } from './stored-row.ts';

/** A row of `notification_rows`. */
export type RowDocument = Omit<StoredRow, 'Id' | 'CreatedAt' | 'UpdatedAt'> & {
  readonly _id: ObjectId;
  readonly CreatedAt: Date;
  readonly UpdatedAt: Date;
  /**
   * Every seq that the row has had, the present one last. Its unique key is what makes a seq taken once for ever: one on
   * `Seq` alone lets a late writer land where a row has left, behind readers (`#shared/stream/feed.ts`).
   */
  readonly Trail: readonly number[];
};

/** A writer would have to sleep through so many changes of one row to land in a gap. */
const longestTrail = 1_000;

export function toDocument({ Id, CreatedAt, UpdatedAt, ...row }: StoredRow): RowDocument {
  return {
    _id: new ObjectId(Id),
    ...row,
    CreatedAt: new Date(CreatedAt),
    UpdatedAt: new Date(UpdatedAt),
    Trail: [row.Seq],
  };
}

export function toStoredRow({ _id, CreatedAt, UpdatedAt, Trail: _, ...row }: RowDocument): StoredRow {
  return { Id: _id.toHexString(), ...row, CreatedAt: CreatedAt.getTime(), UpdatedAt: UpdatedAt.getTime() };
}

/** The update that brings a row to the state and place of `next`. */
export function toMove(next: StoredRow): Document {
  const { _id, CreatedAt, MessageId, RecipientId, Number: _, Trail, ...changing } = toDocument(next);
  return { $set: changing, $push: { Trail: { $each: Trail, $slice: -longestTrail } } };
}
