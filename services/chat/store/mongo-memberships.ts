import { ObjectId } from 'mongodb';
import type { MemberRole } from '#shared/contract/chat-dto.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import { Overtaken } from '#shared/store/mongo-connection.ts';
import { isClash } from '#shared/store/mongo-failure.ts';
import { newObjectId } from '#shared/store/object-id.ts';
import type { Changed, Created, NewConversation } from './chat-store.ts';
import type { MongoConversations } from './mongo-conversations.ts';
import type { MongoDatabase } from './mongo-database.ts';
import { beginning, type ConversationDocument, type MemberDocument } from './mongo-documents.ts';
import type { MongoPlaces, Telling } from './mongo-places.ts';
import type { MongoRows } from './mongo-rows.ts';
import type { MongoTellings } from './mongo-tellings.ts';
import { roleOrdinal, toConversation } from './stored-conversation.ts';
import { toChatRow } from './stored-message.ts';

/** Who is in: each change is a place (or the conversation's document) first, then the row that tells of it. */
export class MongoMemberships {
  readonly #database: MongoDatabase;
  readonly #rows: MongoRows;
  readonly #conversations: MongoConversations;
  readonly #places: MongoPlaces;
  readonly #tellings: MongoTellings;
  readonly #clock: Clock;

  constructor(parts: {
    database: MongoDatabase;
    rows: MongoRows;
    conversations: MongoConversations;
    places: MongoPlaces;
    tellings: MongoTellings;
    clock: Clock;
  }) {
    this.#database = parts.database;
    this.#rows = parts.rows;
    this.#conversations = parts.conversations;
    this.#places = parts.places;
    this.#tellings = parts.tellings;
    this.#clock = parts.clock;
  }

  async create(conversation: NewConversation): Promise<Created> {
    const { rowId, since } = await this.#telling('');
    const id = newObjectId(this.#clock.now());
    const begun = beginning(conversation, { id, rowId, since, now: this.#clock.now() });
    const known = await this.#database.attempt(async () => {
      const document = await this.begin(begun);
      await this.#tellings.tellOfConversation(document);
      return document._id.toHexString();
    });
    const { creator, others } = conversation;
    // Whoever has left a pair comes back to it.
    if (known !== id) await this.add(known, creator, [creator, ...others]);
    return await this.#database.attempt(async () => {
      const [view, row] = await Promise.all([
        this.#conversations.view(known, creator),
        this.#rows.findByNumber(known, 1),
      ]);
      if (!view || !row) throw new PlatformError('unavailable', 'the conversation was left while it was made');
      return { view, row: toChatRow(row), created: known === id };
    });
  }

  /** The first step: the conversation is there, with who will be in it; or the pair's that was there before. */
  async begin(begun: ConversationDocument): Promise<ConversationDocument> {
    const find = () => this.#database.conversations.findOne({ PairKey: begun.PairKey });
    const known = await find();
    if (known) return known;
    try {
      await this.#database.conversations.insertOne(begun);
      return begun;
    } catch (error) {
      if (!isClash(error)) throw error;
      throw new Overtaken();
    }
  }

  async rename(id: string, actor: string, name: string): Promise<Changed | undefined> {
    const telling = await this.#telling(id, actor);
    const _id = new ObjectId(id);
    return await this.#database.attempt(async () => {
      const named = await this.#database.conversations.findOneAndUpdate(
        { _id, HeadSeq: { $gt: 0 }, PendingRowId: '', Name: { $ne: name } },
        { $set: { Name: name, PendingRowId: telling.rowId, PendingSince: telling.since, PendingActorId: actor } },
        { returnDocument: 'after' },
      );
      if (named) return await this.#tellings.tellOfConversation(named);
      const known = await this.#database.conversations.findOne({ _id });
      if (!known) return undefined;
      const told = await this.#tellings.tellOfConversation(known);
      if (!told) {
        const before = await this.#tellings.tellOfPlaces(id, telling.rowId);
        // Another name was told of between the two looks: this one still has its turn.
        if (!before && known.HeadSeq > 0 && known.Name !== name) throw new Overtaken();
        return before ?? (await this.#unchanged(id));
      }
      if (known.PendingRowId !== telling.rowId) throw new Overtaken();
      return told;
    });
  }

  async add(id: string, actor: string, users: readonly string[]): Promise<Changed | undefined> {
    const telling = await this.#telling(id, actor);
    const wanted = [...new Set(users)];
    const joinedAt = this.#clock.now();
    return await this.#database.attempt(async () => {
      const head = await this.#rows.head(id);
      if (head.seq === 0) return undefined;
      const places = await this.#places.find(id, wanted);
      const known = new Map(places.map((place) => [place.UserId, place]));
      const missing = wanted.filter((user) => !known.get(user)?.Present);
      await this.#tellOfOthers(
        id,
        telling,
        missing.map((user) => known.get(user)),
      );
      await this.#places.open(telling, missing, { joinedAt, readThrough: head.number });
      const present = await this.#conversations.present(id, missing);
      if (missing.some((user) => !present.has(user))) throw new Overtaken();
      return (await this.#tellings.tellOfPlaces(id, telling.rowId)) ?? (await this.#unchanged(id));
    });
  }

  async remove(id: string, actor: string, user: string): Promise<Changed | undefined> {
    const telling = await this.#telling(id, actor);
    const change = () => this.#places.close(telling, user);
    return await this.#changePlace(telling, user, change, ({ Present }) => Present);
  }

  async setRole(id: string, actor: string, user: string, role: MemberRole): Promise<Changed | undefined> {
    const telling = await this.#telling(id, actor);
    const change = () => this.#places.setRole(telling, user, role);
    return await this.#changePlace(telling, user, change, ({ Present, Role }) => Present && Role !== roleOrdinal(role));
  }

  async #changePlace(
    telling: Telling,
    user: string,
    change: () => Promise<boolean>,
    isToChange: (place: MemberDocument) => boolean,
  ): Promise<Changed | undefined> {
    const { conversation, rowId } = telling;
    return await this.#database.attempt(async () => {
      if (!(await change())) {
        const [place] = await this.#places.find(conversation, [user]);
        // Told of now, or between the two looks; what it then allows is tried again.
        if (await this.#tellOfOthers(conversation, telling, [place])) throw new Overtaken();
        if (place?.PendingRowId === '' && isToChange(place)) throw new Overtaken();
      }
      return (await this.#tellings.tellOfPlaces(conversation, rowId)) ?? (await this.#unchanged(conversation));
    });
  }

  /** What died between its steps, or is between them now, is finished before anything else happens to a place. */
  async #tellOfOthers(
    conversation: string,
    { rowId }: Telling,
    places: readonly (MemberDocument | undefined)[],
  ): Promise<boolean> {
    const others = new Set(places.map((place) => place?.PendingRowId ?? ''));
    others.delete('');
    others.delete(rowId);
    for (const other of others) await this.#tellings.tellOfPlaces(conversation, other);
    return others.size > 0;
  }

  async #unchanged(id: string): Promise<Changed | undefined> {
    const conversation = await this.#conversations.find(id);
    return conversation && { conversation: toConversation(conversation), row: undefined };
  }

  /** A row id that stays the same however often the call is tried. */
  async #telling(conversation: string, actor = ''): Promise<Telling> {
    const since = await this.#database.attempt(() => this.#database.now());
    return { conversation, actor, rowId: newObjectId(this.#clock.now()), since };
  }
}
