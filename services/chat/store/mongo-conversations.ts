import { ObjectId } from 'mongodb';
import { smallConversation } from '#shared/contract/chat-dto.ts';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import { mapBounded } from '#shared/store/map-bounded.ts';
import type { ConversationView } from '../domain/conversation.ts';
import type { MembersPage, Place } from './chat-store.ts';
import type { MongoDatabase } from './mongo-database.ts';
import { type MemberDocument, placeId, toStoredConversation, toStoredMember } from './mongo-documents.ts';
import { type StoredConversation, type StoredMember, toView } from './stored-conversation.ts';
import type { ChangeKey, UserPlace } from './view-order.ts';

/** Conversations of one question that are looked up at the same time. */
const maxLookups = 24;

const placeElements = { LastMessageAt: 1, ChangedAt: 1, Members: 1, Large: 1 } as const;

/**
 * Conversations and places as readers see them, each call inside an `attempt` of the caller's. Who is in is read last:
 * what is answered about a conversation is never newer than the membership that it is answered under.
 */
export class MongoConversations {
  readonly #database: MongoDatabase;

  constructor(database: MongoDatabase) {
    this.#database = database;
  }

  /** undefined also for one that is being made. */
  async find(id: string): Promise<StoredConversation | undefined> {
    const document = await this.#database.conversations.findOne({ _id: new ObjectId(id), HeadSeq: { $gt: 0 } });
    return document ? toStoredConversation(document) : undefined;
  }

  async floor(id: string): Promise<number> {
    const document = await this.#database.conversations.findOne(
      { _id: new ObjectId(id) },
      { projection: { Floor: 1 } },
    );
    return document?.Floor ?? 0;
  }

  async members(conversation: string, { after, limit }: MembersPage): Promise<StoredMember[]> {
    const later = after && {
      JoinedAt: { $gte: new Date(after.joinedAt) },
      $or: [
        { JoinedAt: { $gt: new Date(after.joinedAt) } },
        { JoinedAt: new Date(after.joinedAt), UserId: { $gt: after.userId } },
      ],
    };
    const places = await this.#database.members
      .find({ ConversationId: new ObjectId(conversation), Present: true, ...later })
      .sort({ JoinedAt: 1, UserId: 1 })
      .limit(limit)
      .batchSize(limit)
      .toArray();
    return places.map(toStoredMember);
  }

  async present(conversation: string, users: readonly string[]): Promise<Set<string>> {
    const ids = users.map((user) => placeId(conversation, user));
    const filter = { _id: { $in: ids }, Present: true };
    const places = await this.#database.members.find(filter, { projection: { UserId: 1 } }).toArray();
    return new Set(places.map(({ UserId }) => UserId));
  }

  async view(id: string, user: string): Promise<ConversationView | undefined> {
    return (await this.views([id], user))[0];
  }

  /** In the order of `ids`, without those that the user is not in. */
  async views(ids: readonly string[], user: string): Promise<ConversationView[]> {
    const conversations = await this.#conversationsOf(ids);
    const members = await this.#firstMembersOf(conversations);
    const places = await this.#database.members
      .find({ _id: { $in: ids.map((id) => placeId(id, user)) }, Present: true })
      .toArray();
    const own = new Map(places.map(toStoredMember).map((place) => [place.ConversationId, place]));
    return conversations.flatMap((conversation, index) => {
      const place = own.get(conversation.Id);
      return place ? [toView(conversation, members[index] ?? [], place)] : [];
    });
  }

  async #conversationsOf(ids: readonly string[]): Promise<StoredConversation[]> {
    const filter = { _id: { $in: ids.map((id) => new ObjectId(id)) }, HeadSeq: { $gt: 0 } };
    const documents = await this.#database.conversations.find(filter).toArray();
    const stored = new Map(documents.map(toStoredConversation).map((conversation) => [conversation.Id, conversation]));
    return ids.map((id) => stored.get(id)).filter((conversation) => conversation !== undefined);
  }

  /** In the order of `conversations`: small ones in one question, since all their members are few. */
  async #firstMembersOf(conversations: readonly StoredConversation[]): Promise<StoredMember[][]> {
    const small = conversations.filter(({ Large }) => !Large).map(({ Id }) => new ObjectId(Id));
    const places = await this.#database.members
      .find({ ConversationId: { $in: small }, Present: true })
      .sort({ JoinedAt: 1, UserId: 1 })
      .toArray();
    const byConversation = Map.groupBy(places.map(toStoredMember), ({ ConversationId }) => ConversationId);
    return await mapBounded(conversations, maxLookups, async ({ Id, Large }) => {
      const page = { after: undefined, limit: smallConversation };
      return Large ? await this.members(Id, page) : (byConversation.get(Id) ?? []).slice(0, page.limit);
    });
  }

  /** Versions are read before the places are looked at again: a place is never answered with a version that closed it. */
  async placesOf(user: string): Promise<(UserPlace & { readonly members: number; readonly large: boolean })[]> {
    const known = await this.#openPlaces(user);
    const ids = known.map(({ ConversationId }) => ConversationId);
    const documents = await this.#database.conversations
      .find({ _id: { $in: ids }, HeadSeq: { $gt: 0 } }, { projection: placeElements })
      .toArray();
    const still = new Map(
      (await this.#openPlaces(user)).map((place) => [place.ConversationId.toHexString(), place.ChangedAt.getTime()]),
    );
    return documents.flatMap(({ _id, LastMessageAt, ChangedAt, Members, Large }) => {
      const id = _id.toHexString() as ConversationId;
      const placeChangedAt = still.get(id);
      if (placeChangedAt === undefined) return [];
      const changedAt = Math.max(placeChangedAt, ChangedAt.getTime());
      return [{ id, lastMessageAt: LastMessageAt.getTime(), changedAt, members: Members, large: Large }];
    });
  }

  #openPlaces(user: string): Promise<Pick<MemberDocument, 'ConversationId' | 'ChangedAt'>[]> {
    return this.#database.members
      .find({ UserId: user, Present: true }, { projection: { ConversationId: 1, ChangedAt: 1 } })
      .toArray();
  }

  /** Answered from the index alone. Also of a conversation that is still being made. */
  async placesSince(users: readonly UserId[], since: number): Promise<Place[]> {
    if (users.length === 0) return [];
    // Both are named, so that the index knows where to begin.
    const filter = {
      UserId: { $in: [...users] },
      Present: { $in: [true, false] },
      ChangedAt: { $gte: new Date(since) },
    };
    const projection = { _id: 0, UserId: 1, ConversationId: 1, Present: 1 } as const;
    const places = await this.#database.members.find(filter, { projection }).toArray();
    return places.map(({ UserId, ConversationId, Present }) => ({
      userId: UserId as UserId,
      conversationId: ConversationId.toHexString() as ConversationId,
      isIn: Present,
    }));
  }

  /** Above `after`, in the order of (change, id). */
  async leftBy(user: string, after: ChangeKey, limit: number): Promise<ChangeKey[]> {
    const at = new Date(after.changedAt);
    // Not `$gt: at`: some servers keep parts of a millisecond, which no key of ours has.
    const next = new Date(after.changedAt + 1);
    const ids = after.id === '' ? {} : { ConversationId: { $gt: new ObjectId(after.id) } };
    const later = [{ ChangedAt: { $gte: next } }, { ChangedAt: { $gte: at, $lt: next }, ...ids }];
    const places = await this.#database.members
      .find({ UserId: user, Present: false, ChangedAt: { $gte: at }, $or: later })
      .sort({ ChangedAt: 1, ConversationId: 1 })
      .limit(limit)
      .toArray();
    return places.map(({ ConversationId, ChangedAt }) => ({
      id: ConversationId.toHexString() as ConversationId,
      changedAt: ChangedAt.getTime(),
    }));
  }
}
