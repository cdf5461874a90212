import { ObjectId } from 'mongodb';
import type { MemberRole } from '#shared/contract/chat-dto.ts';
import { Overtaken } from '#shared/store/mongo-connection.ts';
import { isClash } from '#shared/store/mongo-failure.ts';
import type { MongoDatabase } from './mongo-database.ts';
import { type MemberDocument, nothingUntold, type PlaceAction, placeId } from './mongo-documents.ts';
import { memberRole, ownerRole, roleOrdinal } from './stored-conversation.ts';

/** Who did what, and the id of the row that is to tell of it. */
export type Telling = {
  readonly conversation: string;
  readonly actor: string;
  readonly rowId: string;
  /** By the database's clock. */
  readonly since: number;
};

/**
 * The first step of a membership's change: one atomic update of a place, which from then on is so for all readers, with
 * the description of the row that is to tell of it. A place that has one takes no other change: it is told first.
 */
export class MongoPlaces {
  readonly #database: MongoDatabase;

  constructor(database: MongoDatabase) {
    this.#database = database;
  }

  /** Those that are closed or not there, and untold of nothing; the others stay as they are. */
  async open(
    telling: Telling,
    users: readonly string[],
    state: { joinedAt: number; readThrough: number },
  ): Promise<void> {
    if (users.length === 0) return;
    const updates = users.map((user) => ({
      updateOne: {
        filter: { _id: placeId(telling.conversation, user), Present: false, PendingRowId: '' },
        update: {
          $setOnInsert: { ConversationId: new ObjectId(telling.conversation), UserId: user },
          $set: { Present: true, Role: memberRole, JoinedAt: new Date(state.joinedAt), ...untold(telling, 'added') },
          // What was there before is nothing new to whoever comes.
          $max: { ReadThrough: state.readThrough },
          $currentDate: { ChangedAt: true as const },
        },
        upsert: true,
      },
    }));
    try {
      await this.#database.members.bulkWrite(updates, { ordered: false });
    } catch (error) {
      // It is there, in another state.
      if (!isClash(error)) throw error;
    }
  }

  /** false: it was not open, or is untold of something else. */
  async close(telling: Telling, user: string): Promise<boolean> {
    const action = telling.actor === user ? 'left' : 'removed';
    return await this.#change(telling, user, {}, { Present: false, ...untold(telling, action) });
  }

  /** false: it was not open, has that role, or is untold of something else. */
  async setRole(telling: Telling, user: string, role: MemberRole): Promise<boolean> {
    const change = { Role: roleOrdinal(role), ...untold(telling, 'role'), PendingRole: role };
    return await this.#change(telling, user, { Role: { $ne: roleOrdinal(role) } }, change);
  }

  async #change(
    { conversation }: Telling,
    user: string,
    when: object,
    change: Partial<MemberDocument>,
  ): Promise<boolean> {
    const place = { _id: placeId(conversation, user), Present: true, PendingRowId: '', ...when };
    const update = { $set: change, $currentDate: { ChangedAt: true as const } };
    return (await this.#database.members.updateOne(place, update)).matchedCount > 0;
  }

  async find(conversation: string, users: readonly string[]): Promise<MemberDocument[]> {
    return await this.#database.members
      .find({ _id: { $in: users.map((user) => placeId(conversation, user)) } })
      .toArray();
  }

  /** In the order of user ids, as the row is to name them. */
  async untoldOf(conversation: string, rowId: string): Promise<MemberDocument[]> {
    const places = { ConversationId: new ObjectId(conversation), PendingRowId: rowId };
    return await this.#database.members.find(places).sort({ UserId: 1 }).toArray();
  }

  /** The third step: the row that tells of them is there. */
  async told(rowId: string, places: readonly MemberDocument[]): Promise<void> {
    await this.#leave(rowId, places, { ...nothingUntold });
  }

  /** Their row was written before they were open: another one is to tell of them. */
  async tellAnew(rowId: string, places: readonly MemberDocument[], newRowId: string): Promise<void> {
    await this.#leave(rowId, places, { PendingRowId: newRowId });
  }

  async #leave(rowId: string, places: readonly MemberDocument[], change: Partial<MemberDocument>): Promise<void> {
    if (places.length === 0) return;
    const filter = { _id: { $in: places.map(({ _id }) => _id) }, PendingRowId: rowId };
    await this.#database.members.updateMany(filter, { $set: change });
  }

  /** Makes the longest-standing of the highest rank an owner, where there is none. @throws Overtaken */
  async handOver(conversation: string): Promise<void> {
    const present = { ConversationId: new ObjectId(conversation), Present: true };
    const rank = { Role: -1, JoinedAt: 1, UserId: 1 } as const;
    const heir = await this.#database.members.findOne(present, { sort: rank, projection: { Role: 1 } });
    if (!heir || heir.Role === ownerRole) return;
    const update = { $set: { Role: ownerRole }, $currentDate: { ChangedAt: true as const } };
    const { matchedCount } = await this.#database.members.updateOne(
      { _id: heir._id, Present: true, Role: heir.Role },
      update,
    );
    if (matchedCount === 0) throw new Overtaken();
  }
}

function untold({ rowId, actor, since }: Telling, action: PlaceAction) {
  return { PendingRowId: rowId, PendingSince: since, PendingActorId: actor, PendingAction: action } as const;
}
