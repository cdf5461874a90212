import type { SystemMessage } from '#shared/contract/chat-dto.ts';
import type { UserId } from '#shared/contract/ids.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import { newObjectId } from '#shared/store/object-id.ts';
import type { Changed } from './chat-store.ts';
import type { MongoDatabase } from './mongo-database.ts';
import { type ConversationDocument, type MemberDocument, nothingUntold, placeId } from './mongo-documents.ts';
import type { MongoHeads } from './mongo-heads.ts';
import type { MongoPlaces } from './mongo-places.ts';
import type { MongoRows } from './mongo-rows.ts';
import { ownerRole, toConversation } from './stored-conversation.ts';
import { draftOfSystem, type StoredMessage, toldOf, toMessageRow } from './stored-message.ts';

/**
 * The second and third step of what happens to a conversation: the row that tells of it, under an id that was chosen
 * with the first step and so is there once, whoever writes it and how often; then the description is cleared. Each call
 * is safe to repeat, by anybody and by several at once, and goes inside an `attempt`.
 */
export class MongoTellings {
  readonly #database: MongoDatabase;
  readonly #rows: MongoRows;
  readonly #heads: MongoHeads;
  readonly #places: MongoPlaces;
  readonly #clock: Clock;

  constructor(parts: {
    database: MongoDatabase;
    rows: MongoRows;
    heads: MongoHeads;
    places: MongoPlaces;
    clock: Clock;
  }) {
    this.#database = parts.database;
    this.#rows = parts.rows;
    this.#heads = parts.heads;
    this.#places = parts.places;
    this.#clock = parts.clock;
  }

  /** Of all places that wait for that row. undefined: it never came to anything. */
  async tellOfPlaces(conversation: string, rowId: string): Promise<Changed | undefined> {
    const places = await this.#places.untoldOf(conversation, rowId);
    const [first] = places;
    if (!first) return await this.#changedBy(await this.#rows.find(rowId));
    if (places.some(mayHaveOwned)) await this.#places.handOver(conversation);
    const row = await this.#write(conversation, rowId, first.PendingActorId, systemOf(first, places), joinedBy(places));
    const named = new Set(first.PendingAction === 'added' ? toldOf(row) : places.map(({ UserId }) => UserId));
    const changed = await this.#changedBy(row);
    await this.#places.told(
      rowId,
      places.filter(({ UserId }) => named.has(UserId)),
    );
    const late = places.filter(({ UserId }) => !named.has(UserId));
    if (late.length === 0) return changed;
    const another = newObjectId(this.#clock.now());
    await this.#places.tellAnew(rowId, late, another);
    return await this.tellOfPlaces(conversation, another);
  }

  /** Of a conversation that is being made, or that has got a name. undefined: there is nothing to tell. */
  async tellOfConversation(document: ConversationDocument): Promise<Changed | undefined> {
    const { _id, Name, PendingRowId: rowId, PendingActorId: actor, PendingPlaces: places } = document;
    if (rowId === '') return undefined;
    await this.#makeFirstPlaces(document);
    const begins = places.length > 0;
    const system: SystemMessage = begins ? { action: 'created' } : { action: 'renamed', name: Name ?? '' };
    const row = await this.#write(_id.toHexString(), rowId, actor, system, begins ? places.length : undefined);
    const changed = await this.#changedBy(row);
    await this.#database.conversations.updateOne(
      { _id, PendingRowId: rowId },
      { $set: { PendingRowId: '', PendingSince: 0, PendingActorId: '', PendingPlaces: [] } },
    );
    return changed;
  }

  /** A place is never removed, so a late writer finds those whose users have left meanwhile, and leaves them closed. */
  async #makeFirstPlaces({ _id, PendingPlaces }: ConversationDocument): Promise<void> {
    if (PendingPlaces.length === 0) return;
    const inserts = PendingPlaces.map((place) => ({
      updateOne: {
        filter: { _id: placeId(_id.toHexString(), place.UserId) },
        update: {
          $setOnInsert: { ...place, ...firstState, ConversationId: _id },
          // Each time: the conversation is seen a moment after whoever makes it has got through here.
          $currentDate: { ChangedAt: true as const },
        },
        upsert: true,
      },
    }));
    await this.#database.members.bulkWrite(inserts, { ordered: false });
  }

  async #write(
    conversation: string,
    id: string,
    actor: string,
    system: SystemMessage,
    joined: number | undefined,
  ): Promise<StoredMessage> {
    const at = this.#clock.now();
    return await this.#rows.tell(draftOfSystem({ id, conversationId: conversation, actor, system, at }), joined);
  }

  async #changedBy(row: StoredMessage | undefined): Promise<Changed | undefined> {
    if (!row) return undefined;
    const conversation = await this.#heads.advance(row, 'changed');
    return { conversation: toConversation(conversation), row: row.Deleted ? undefined : toMessageRow(row) };
  }

  /** Everything that began before that time and died. Several may try at once. */
  async finish({ begunBefore, limit }: { begunBefore: number; limit: number }): Promise<Changed[]> {
    const died = { PendingSince: { $gt: 0, $lt: begunBefore } };
    const finished: (Changed | undefined)[] = [];
    for (const document of await this.#database.conversations.find(died).limit(limit).toArray()) {
      finished.push(await this.#database.attempt(() => this.tellOfConversation(document)));
    }
    const places = await this.#database.members.find(died).limit(limit).toArray();
    const rows = new Map(places.map((place) => [place.PendingRowId, place.ConversationId.toHexString()]));
    for (const [rowId, conversation] of rows) {
      finished.push(await this.#database.attempt(() => this.tellOfPlaces(conversation, rowId)));
    }
    return finished.filter((changed) => changed !== undefined);
  }
}

const firstState = { Present: true, ...nothingUntold } as const;

/** Left as an owner, or was given another role: what it was before is not known any more. */
function mayHaveOwned({ Present, Role, PendingAction }: MemberDocument): boolean {
  return Present ? PendingAction === 'role' && Role !== ownerRole : Role === ownerRole;
}

function systemOf({ PendingAction, PendingRole }: MemberDocument, places: readonly MemberDocument[]): SystemMessage {
  const userIds = places.map(({ UserId }) => UserId as UserId);
  switch (PendingAction) {
    case 'role':
      return { action: 'role', userIds, role: PendingRole === '' ? 'member' : PendingRole };
    case 'removed':
      return { action: 'removed', userIds };
    case 'left':
      return { action: 'left' };
    case 'added':
    case '':
      return { action: 'added', userIds };
  }
}

function joinedBy(places: readonly MemberDocument[]): number | undefined {
  switch (places[0]?.PendingAction) {
    case 'added':
      return places.length;
    case 'removed':
    case 'left':
      return -places.length;
    default:
      return undefined;
  }
}
