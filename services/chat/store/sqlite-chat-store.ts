import type { MemberRole } from '#shared/contract/chat-dto.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { newEpoch } from '#shared/store/new-epoch.ts';
import { parseObjectId } from '#shared/store/object-id.ts';
import { EpochCache } from '#shared/stream/epoch-cache.ts';
import { answerFeed } from '#shared/stream/feed.ts';
import type {
  ChatStore,
  MembersPage,
  MessagesPage,
  NewConversation,
  NewMessage,
  Sent,
  SincePage,
  ViewsPage,
} from './chat-store.ts';
import { SqliteChanges } from './sqlite-changes.ts';
import { SqliteConversations } from './sqlite-conversations.ts';
import { SqliteDatabase } from './sqlite-database.ts';
import { SqliteMemberships } from './sqlite-memberships.ts';
import { SqliteRows } from './sqlite-rows.ts';
import { assertStorable } from './storable.ts';
import { storedHead, toMember } from './stored-conversation.ts';
import { draftOf, noHead, toChatRow, toHead, toMessageRow } from './stored-message.ts';
import { pageOfChanges, pageOfViews } from './view-order.ts';

export type SqliteChatStoreOptions = {
  /** Made when it is missing; its folder is not. Several processes may open one. `:memory:` ends with the store. */
  readonly file: string;
  readonly clock: Clock;
  readonly log: Logger;
};

/**
 * ChatStore in one SQLite file (`openSqlite`): a change, its row and the conversation's head are one transaction, so
 * nothing dies between them. Its clock is the process's.
 *
 * @throws Error when the file cannot be opened, is no database, or is of a newer version
 */
export function openSqliteChatStore({ file, clock, log }: SqliteChatStoreOptions): ChatStore {
  const store = new SqliteChatStore(new SqliteDatabase(file), clock);
  log.info({ file }, 'chat store opened');
  return store;
}

class SqliteChatStore implements ChatStore {
  readonly #database: SqliteDatabase;
  readonly #rows: SqliteRows;
  readonly #conversations: SqliteConversations;
  readonly #memberships: SqliteMemberships;
  readonly #changes: SqliteChanges;
  readonly #clock: Clock;
  readonly #epoch: EpochCache;

  constructor(database: SqliteDatabase, clock: Clock) {
    this.#database = database;
    this.#rows = new SqliteRows(database);
    this.#conversations = new SqliteConversations(database, this.#rows);
    this.#memberships = new SqliteMemberships(this.#conversations, this.#rows, clock);
    this.#changes = new SqliteChanges(this.#conversations, this.#rows, clock);
    this.#clock = clock;
    this.#epoch = new EpochCache(() => this.#readEpoch(), clock);
  }

  async createConversation(conversation: NewConversation) {
    assertStorable(conversation.creator, ...conversation.others, conversation.name ?? '');
    const created = await this.#database.write(() => this.#memberships.create(conversation));
    if (!created) throw new PlatformError('internal', 'the chat store holds a conversation without a beginning');
    return created;
  }

  view(conversation: ConversationId, user: UserId) {
    return this.#database.read(() => this.#conversations.view(conversation, user));
  }

  views(user: UserId, page: ViewsPage) {
    return this.#database.read(() => {
      return this.#conversations.views(pageOfViews(this.#conversations.placesOf(user), page), user);
    });
  }

  viewsSince(user: UserId, since: number, page: SincePage) {
    return this.#database.read(() => {
      const after = page.after ?? { changedAt: since, id: '' as ConversationId };
      const left = this.#conversations.leftBy(user, after, page.limit + 1);
      const { present, ...changes } = pageOfChanges(this.#conversations.placesOf(user), left, since, page);
      return { ...changes, views: this.#conversations.views(present, user) };
    });
  }

  async now() {
    return this.#clock.now();
  }

  async rename(conversation: ConversationId, actor: UserId, name: string) {
    assertStorable(actor, name);
    return await this.#database.write(() => this.#memberships.rename(conversation, actor, name));
  }

  async addMembers(conversation: ConversationId, actor: UserId, users: readonly UserId[]) {
    assertStorable(actor, ...users);
    return await this.#database.write(() => this.#memberships.add(conversation, actor, users));
  }

  async removeMember(conversation: ConversationId, actor: UserId, user: UserId) {
    assertStorable(actor, user);
    return await this.#database.write(() => this.#memberships.remove(conversation, actor, user));
  }

  async setRole(conversation: ConversationId, actor: UserId, user: UserId, role: MemberRole) {
    assertStorable(actor, user);
    return await this.#database.write(() => this.#memberships.setRole(conversation, actor, user, role));
  }

  members(conversation: ConversationId, page: MembersPage) {
    return this.#database.read(() => this.#conversations.members(conversation, page).map(toMember));
  }

  membersAmong(conversation: ConversationId, users: readonly UserId[]) {
    return this.#database.read(() => {
      const stored = this.#conversations.find(conversation);
      if (!stored) return undefined;
      const all = { after: undefined, limit: stored.MemberCount };
      return {
        version: stored.Members,
        large: stored.Large,
        users: users.filter((user) => this.#conversations.openPlace(conversation, user)),
        all: stored.Large
          ? null
          : this.#conversations
              .members(conversation, all)
              .map(toMember)
              .map(({ userId }) => userId),
      };
    });
  }

  memberships(user: UserId) {
    return this.#database.read(() =>
      this.#conversations
        .placesOf(user)
        .map(({ id, members, large }) => ({ conversationId: id, version: members, large })),
    );
  }

  placesSince(users: readonly UserId[], since: number) {
    return this.#database.read(() => users.flatMap((user) => this.#conversations.placesSince(user, since)));
  }

  async send(message: NewMessage): Promise<Sent> {
    assertStorable(message.senderId, message.content, message.clientMessageId ?? '');
    const draft = draftOf(message, this.#clock.now());
    const outcome = await this.#database.write(() => this.#changes.send(draft));
    if (outcome instanceof PlatformError) throw outcome;
    return outcome;
  }

  async message(id: string) {
    const row = await this.#find(id, (found) => this.#database.read(() => this.#rows.find(found)));
    return row && toChatRow(row);
  }

  async edit(id: string, content: string) {
    assertStorable(content);
    return await this.#find(id, (found) => this.#database.write(() => this.#changes.edit(found, content)));
  }

  async delete(id: string) {
    return await this.#find(id, (found) => this.#database.write(() => this.#changes.delete(found)));
  }

  list(conversation: ConversationId, page: MessagesPage) {
    return this.#database.read(() => this.#rows.list(conversation, page).map(toMessageRow));
  }

  heads(conversations: readonly ConversationId[]) {
    return this.#database.read(() => conversations.map((conversation) => this.#head(conversation)));
  }

  changes(conversation: ConversationId, after: number, limit: number, since = 0) {
    return this.#database.read(() => {
      const rows = this.#rows.changes(conversation, after, limit + 1).map(toChatRow);
      const head = this.#head(conversation);
      return { ...answerFeed({ after, since, limit, rows, head, floor: this.#rows.floor(conversation) }), head };
    });
  }

  markRead(conversation: ConversationId, user: UserId, through: number) {
    return this.#database.write(() => {
      const stored = this.#conversations.find(conversation);
      const place = this.#conversations.openPlace(conversation, user);
      if (!stored || !place) return undefined;
      const readThrough = Math.max(place.ReadThrough, Math.min(through, stored.HeadNumber));
      const changed = readThrough > place.ReadThrough;
      if (changed) this.#conversations.putPlace({ ...place, ReadThrough: readThrough, ChangedAt: this.#clock.now() });
      return { readThrough, changed };
    });
  }

  async leasePending({ pendingSince, leaseMs, limit }: { pendingSince: number; leaseMs: number; limit: number }) {
    const request = { now: this.#clock.now(), pendingSince, leaseMs };
    const rows = await this.#database.write(() => this.#rows.lease(request, limit));
    return rows.map((row) => ({ ...toChatRow(row), unsent: row.Unsent }));
  }

  async published({ id, seq }: { id: string; seq: number }) {
    await this.#database.write(() => this.#rows.published(id, seq));
  }

  /** A place and its row are one transaction: nothing is ever left. */
  async finishMemberships() {
    return [];
  }

  epoch(): Promise<string> {
    return this.#epoch.get();
  }

  async newEpoch(): Promise<string> {
    const made = await this.#database.write(() => this.#setEpoch());
    this.#epoch.forget();
    return made;
  }

  async purge({ deletedBefore }: { deletedBefore: number }): Promise<{ removed: number }> {
    for (let removed = 0; ; ) {
      const batch = await this.#database.write(() => this.#rows.purge(deletedBefore));
      removed += batch.removed;
      if (!batch.more) return { removed };
    }
  }

  async ping(): Promise<void> {
    await this.#database.read(() => this.#database.get('meta', { Name: 'epoch' }));
  }

  close(): Promise<void> {
    return this.#database.close();
  }

  /** undefined for what is no id. */
  #find<T>(id: string, query: (id: string) => Promise<T>): Promise<T> | undefined {
    const parsed = parseObjectId(id);
    return parsed === undefined ? undefined : query(parsed);
  }

  #head(id: string) {
    const conversation = this.#conversations.find(id);
    return toHead(conversation ? storedHead(conversation) : noHead);
  }

  async #readEpoch(): Promise<string> {
    const read = () => this.#database.get('meta', { Name: 'epoch' })?.['Value'];
    const known = await this.#database.read(read);
    return String(known ?? (await this.#database.write(() => read() ?? this.#setEpoch())));
  }

  #setEpoch(): string {
    const epoch = newEpoch();
    this.#database.run('setMeta', { Name: 'epoch', Value: epoch });
    return epoch;
  }
}
