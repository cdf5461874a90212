import type { MemberRole } from '#shared/contract/chat-dto.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import { asConversationId, type ConversationId, type UserId } from '#shared/contract/ids.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { mapBounded } from '#shared/store/map-bounded.ts';
import { newEpoch } from '#shared/store/new-epoch.ts';
import { parseObjectId } from '#shared/store/object-id.ts';
import { StreamWrites } from '#shared/store/stream-writes.ts';
import { EpochCache } from '#shared/stream/epoch-cache.ts';
import { answerFeed, emptyHead } from '#shared/stream/feed.ts';
import type {
  Changed,
  ChatStore,
  Edited,
  MembersPage,
  MessagesPage,
  NewConversation,
  NewMessage,
  Sent,
  SincePage,
  ViewsPage,
} from './chat-store.ts';
import { MongoDatabase } from './mongo-database.ts';
import { placeId } from './mongo-documents.ts';
import type { PublishedRow } from './mongo-outbox.ts';
import { assembleMongoParts, type MongoParts } from './mongo-parts.ts';
import { purgeTombstones } from './mongo-purge.ts';
import { assertStorable } from './storable.ts';
import { toMember } from './stored-conversation.ts';
import { type Draft, draftOf, headOf, type StoredMessage, toChatRow, toHead, toMessageRow } from './stored-message.ts';
import { pageOfChanges, pageOfViews } from './view-order.ts';

export type MongoChatStoreOptions = {
  /** `mongodb://` or `mongodb+srv://`, with user and password where needed. */
  readonly url: string;
  readonly database: string;
  readonly clock: Clock;
  readonly log: Logger;
};

const maxBatch = 200;
const maxStreams = 16;
/** Conversations of one question that are looked up at the same time. */
const maxLookups = 24;

/**
 * ChatStore on MongoDB, w:majority with journal. Returns at once and connects in the background; makes its indexes before
 * it writes. `viewsSince` goes by the server's clock. What a change consists of is written in steps that anybody can
 * finish: docs/decisions, "chat on MongoDB is written in steps".
 *
 * @throws StartError when the URL cannot be read
 */
export function connectMongoChatStore(options: MongoChatStoreOptions): ChatStore {
  return new MongoChatStore(new MongoDatabase(options), options.clock);
}

class MongoChatStore implements ChatStore {
  readonly #database: MongoDatabase;
  readonly #clock: Clock;
  readonly #parts: MongoParts;
  readonly #writes: StreamWrites<Draft, Sent | PlatformError>;
  readonly #marks: StreamWrites<PublishedRow, undefined>;
  readonly #epoch: EpochCache;

  constructor(database: MongoDatabase, clock: Clock) {
    this.#database = database;
    this.#clock = clock;
    this.#epoch = new EpochCache(() => this.#readEpoch(), clock);
    const parts = assembleMongoParts(database, clock);
    const limits = { maxBatch, maxStreams };
    this.#writes = new StreamWrites({ writeBatch: (id, drafts) => parts.sends.write(id, drafts), ...limits });
    this.#marks = new StreamWrites({ writeBatch: (id, rows) => parts.outbox.published(id, rows), ...limits });
    this.#parts = parts;
  }

  async createConversation(conversation: NewConversation) {
    assertStorable(conversation.creator, ...conversation.others, conversation.name ?? '');
    return await this.#writes.run(conversation.creator, () => this.#parts.memberships.create(conversation));
  }

  async view(conversation: ConversationId, user: UserId) {
    return await this.#ofConversation(conversation, (id) => this.#parts.conversations.view(id, user));
  }

  views(user: UserId, page: ViewsPage) {
    return this.#database.attempt(async () => {
      return await this.#parts.conversations.views(
        pageOfViews(await this.#parts.conversations.placesOf(user), page),
        user,
      );
    });
  }

  viewsSince(user: UserId, since: number, page: SincePage) {
    return this.#database.attempt(async () => {
      const after = page.after ?? { changedAt: since, id: '' as ConversationId };
      const left = await this.#parts.conversations.leftBy(user, after, page.limit + 1);
      const places = await this.#parts.conversations.placesOf(user);
      const { present, ...changes } = pageOfChanges(places, left, since, page);
      return { ...changes, views: await this.#parts.conversations.views(present, user) };
    });
  }

  now(): Promise<number> {
    return this.#database.attempt(() => this.#database.now());
  }

  async rename(conversation: ConversationId, actor: UserId, name: string) {
    assertStorable(actor, name);
    return await this.#change(conversation, (id) => this.#parts.memberships.rename(id, actor, name));
  }

  async addMembers(conversation: ConversationId, actor: UserId, users: readonly UserId[]) {
    assertStorable(actor, ...users);
    return await this.#change(conversation, (id) => this.#parts.memberships.add(id, actor, users));
  }

  async removeMember(conversation: ConversationId, actor: UserId, user: UserId) {
    assertStorable(actor, user);
    return await this.#change(conversation, (id) => this.#parts.memberships.remove(id, actor, user));
  }

  async setRole(conversation: ConversationId, actor: UserId, user: UserId, role: MemberRole) {
    assertStorable(actor, user);
    return await this.#change(conversation, (id) => this.#parts.memberships.setRole(id, actor, user, role));
  }

  async members(conversation: ConversationId, page: MembersPage) {
    const members = await this.#ofConversation(conversation, (id) => this.#parts.conversations.members(id, page));
    return (members ?? []).map(toMember);
  }

  async membersAmong(conversation: ConversationId, users: readonly UserId[]) {
    return await this.#ofConversation(conversation, async (id) => {
      // Who is in is read after the version, so it is of that version or a later one.
      const head = await this.#parts.rows.head(id);
      if (head.seq === 0) return undefined;
      const present = await this.#parts.conversations.present(id, users);
      // Those who were in at that version come first.
      const everybody = { after: undefined, limit: 1_000 };
      const all = head.large ? null : (await this.#parts.conversations.members(id, everybody)).map(toMember);
      return {
        version: head.members,
        large: head.large,
        users: users.filter((user) => present.has(user)),
        all: all?.map(({ userId }) => userId) ?? null,
      };
    });
  }

  async memberships(user: UserId) {
    const places = await this.#database.attempt(() => this.#parts.conversations.placesOf(user));
    return places.map(({ id, members, large }) => ({ conversationId: id, version: members, large }));
  }

  placesSince(users: readonly UserId[], since: number) {
    return this.#database.attempt(() => this.#parts.conversations.placesSince(users, since));
  }

  async send(message: NewMessage): Promise<Sent> {
    assertStorable(message.senderId, message.content, message.clientMessageId ?? '');
    const id = asConversationId(message.conversationId);
    if (id === undefined) throw new PlatformError('not_found', 'unknown conversation');
    const draft = draftOf({ ...message, conversationId: id }, this.#clock.now());
    const outcome = await this.#writes.add(id, draft);
    if (outcome instanceof PlatformError) throw outcome;
    return outcome;
  }

  async message(id: string) {
    const row = await this.#find(id);
    return row && toChatRow(row);
  }

  async edit(id: string, content: string) {
    assertStorable(content);
    return await this.#changeMessage(id, (known) => this.#parts.changes.edit(known, content));
  }

  async delete(id: string) {
    return await this.#changeMessage(id, (known) => this.#parts.changes.delete(known));
  }

  async list(conversation: ConversationId, page: MessagesPage) {
    const rows = await this.#ofConversation(conversation, (id) => this.#parts.rows.list(id, page));
    return (rows ?? []).map(toMessageRow);
  }

  async heads(conversations: readonly ConversationId[]) {
    return await mapBounded(conversations, maxLookups, async (conversation) => {
      const head = await this.#ofConversation(conversation, (id) => this.#parts.rows.head(id));
      return head ? toHead(head) : { ...emptyHead, members: 0 };
    });
  }

  async changes(conversation: ConversationId, after: number, limit: number, since = 0) {
    const feed = await this.#ofConversation(conversation, async (id) => {
      const rows = await this.#parts.rows.changes(id, after, limit + 1);
      const last = rows.at(-1);
      const [head, floor] = await Promise.all([
        last && rows.length <= limit ? headOf(last) : this.#parts.rows.head(id),
        this.#parts.conversations.floor(id),
      ]);
      return { ...answerFeed({ after, since, limit, rows: rows.map(toChatRow), head, floor }), head: toHead(head) };
    });
    const none = { ...emptyHead, members: 0 };
    return feed ?? { ...answerFeed({ after, limit, rows: [], head: none, floor: 0 }), head: none };
  }

  async markRead(conversation: ConversationId, user: UserId, through: number) {
    return await this.#ofConversation(conversation, async (id, { uncertain }) => {
      const head = await this.#parts.rows.head(id);
      const place = { _id: placeId(id, user), Present: true };
      const known = await this.#database.members.findOne(place, { projection: { ReadThrough: 1 } });
      if (!known || head.seq === 0) return undefined;
      const wanted = Math.min(through, head.number);
      if (wanted <= known.ReadThrough) return { readThrough: known.ReadThrough, changed: uncertain };
      const before = await this.#database.members.findOneAndUpdate(
        place,
        { $max: { ReadThrough: wanted }, $currentDate: { ChangedAt: true } },
        { returnDocument: 'before', projection: { ReadThrough: 1 } },
      );
      if (!before) return undefined;
      return { readThrough: Math.max(before.ReadThrough, wanted), changed: before.ReadThrough < wanted };
    });
  }

  async leasePending(options: { pendingSince: number; leaseMs: number; limit: number }) {
    return await this.#parts.outbox.lease(options);
  }

  async published({ id, conversationId, seq }: { id: string; conversationId: ConversationId; seq: number }) {
    await this.#marks.add(conversationId, { id, seq });
  }

  async finishMemberships(options: { begunBefore: number; limit: number }) {
    return await this.#database.attempt(() => this.#parts.tellings.finish(options));
  }

  epoch(): Promise<string> {
    return this.#epoch.get();
  }

  async newEpoch(): Promise<string> {
    const value = newEpoch();
    await this.#database.attempt(() =>
      this.#database.meta.updateOne({ _id: 'epoch' }, { $set: { Value: value } }, { upsert: true }),
    );
    this.#epoch.forget();
    return value;
  }

  purge({ deletedBefore }: { deletedBefore: number }): Promise<{ removed: number }> {
    return purgeTombstones(this.#database, this.#parts.rows, new Date(deletedBefore));
  }

  ping(): Promise<void> {
    return this.#database.ping();
  }

  async close(): Promise<void> {
    await this.#writes.close();
    await this.#marks.close();
    await this.#database.close();
  }

  /** undefined for what is no id. */
  async #ofConversation<T>(
    conversation: string,
    query: (id: ConversationId, previous: { readonly uncertain: boolean }) => Promise<T>,
  ): Promise<T | undefined> {
    const id = asConversationId(conversation);
    return id && (await this.#database.attempt((previous) => query(id, previous)));
  }

  /** In its turn among the conversation's sends. */
  async #change(
    conversation: string,
    change: (id: ConversationId) => Promise<Changed | undefined>,
  ): Promise<Changed | undefined> {
    const id = asConversationId(conversation);
    return id && (await this.#writes.run(id, () => change(id)));
  }

  async #find(id: string): Promise<StoredMessage | undefined> {
    const rowId = parseObjectId(id);
    return rowId === undefined ? undefined : await this.#database.attempt(() => this.#parts.rows.find(rowId));
  }

  /** In its turn among the conversation's sends. */
  async #changeMessage<Row>(
    id: string,
    change: (known: StoredMessage) => Promise<Edited<Row> | undefined>,
  ): Promise<Edited<Row> | undefined> {
    const known = await this.#find(id);
    return known && (await this.#writes.run(known.ConversationId, () => change(known)));
  }

  #readEpoch(): Promise<string> {
    return this.#database.attempt(async () => {
      const known = await this.#database.meta.findOne({ _id: 'epoch' });
      if (known) return known.Value;
      const made = newEpoch();
      await this.#database.meta.insertOne({ _id: 'epoch', Value: made });
      return made;
    });
  }
}
