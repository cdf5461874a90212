import { smallConversation } from '#shared/contract/chat-dto.ts';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import type { ConversationView } from '../domain/conversation.ts';
import type { MembersPage, Place } from './chat-store.ts';
import type { SqliteDatabase } from './sqlite-database.ts';
import type { SqliteRows } from './sqlite-rows.ts';
import type { SqliteRow } from './sqlite-statement.ts';
import {
  headElements,
  lastElements,
  type StoredConversation,
  type StoredMember,
  toView,
} from './stored-conversation.ts';
import type { StoredMessage } from './stored-message.ts';
import type { ChangeKey, UserPlace } from './view-order.ts';

/** Conversations and places, inside a read or a write of the caller's. */
export class SqliteConversations {
  readonly #database: SqliteDatabase;
  readonly #rows: SqliteRows;

  constructor(database: SqliteDatabase, rows: SqliteRows) {
    this.#database = database;
    this.#rows = rows;
  }

  find(id: string): StoredConversation | undefined {
    return conversationOrNone(this.#database.get('conversation', { Id: id }));
  }

  findPair(pairKey: string): StoredConversation | undefined {
    return conversationOrNone(this.#database.get('conversationOfPair', { PairKey: pairKey }));
  }

  add(conversation: StoredConversation): void {
    this.#database.run('addConversation', conversation);
  }

  setName(id: string, name: string): void {
    this.#database.run('setName', { Id: id, Name: name });
  }

  /** As it is after `row` took the head. */
  advance(conversation: StoredConversation, row: StoredMessage, now: number): StoredConversation {
    const next = { ...conversation, ...this.#headAfter(conversation, row), ChangedAt: now };
    this.#database.run('setHead', next);
    return next;
  }

  #headAfter(conversation: StoredConversation, row: StoredMessage) {
    const head = headElements(row);
    if (row.Number < conversation.LastMessageNumber) return head;
    const last = row.Deleted ? this.#rows.list(row.ConversationId, { before: undefined, limit: 1 })[0] : row;
    return { ...head, ...lastElements(last, conversation.CreatedAt) };
  }

  place(conversation: string, user: string): StoredMember | undefined {
    const row = this.#database.get('member', { ConversationId: conversation, UserId: user });
    return row && toStoredMember(row);
  }

  /** undefined for whoever is not in it. */
  openPlace(conversation: string, user: string): StoredMember | undefined {
    const place = this.place(conversation, user);
    return place?.Present ? place : undefined;
  }

  putPlace(place: StoredMember): void {
    this.#database.run('putMember', place);
  }

  highestInRank(conversation: string): StoredMember | undefined {
    const row = this.#database.get('highestInRank', { ConversationId: conversation });
    return row && toStoredMember(row);
  }

  members(conversation: string, { after, limit }: MembersPage): StoredMember[] {
    const key = { JoinedAt: after?.joinedAt ?? Number.MIN_SAFE_INTEGER, UserId: after?.userId ?? '' };
    return this.#database.all('members', { ConversationId: conversation, ...key, Limit: limit }).map(toStoredMember);
  }

  view(id: string, user: string): ConversationView | undefined {
    const conversation = this.find(id);
    const own = this.openPlace(id, user);
    if (!conversation || !own) return undefined;
    return toView(conversation, this.members(id, { after: undefined, limit: smallConversation }), own);
  }

  views(ids: readonly string[], user: string): ConversationView[] {
    return ids.map((id) => this.view(id, user)).filter((view) => view !== undefined);
  }

  placesOf(user: UserId): (UserPlace & { readonly members: number; readonly large: boolean })[] {
    return this.#database.all('placesOfUser', { UserId: user }).map((row) => ({
      id: row['ConversationId'] as ConversationId,
      lastMessageAt: Number(row['LastMessageAt']),
      changedAt: Number(row['ChangedAt']),
      members: Number(row['Members']),
      large: row['Large'] === 1,
    }));
  }

  placesSince(userId: UserId, since: number): Place[] {
    return this.#database.all('placesSince', { UserId: userId, Since: since }).map((row) => ({
      userId,
      conversationId: row['ConversationId'] as ConversationId,
      isIn: row['Present'] === 1,
    }));
  }

  /** Above `after`, in the order of (change, id). */
  leftBy(user: UserId, after: ChangeKey, limit: number): ChangeKey[] {
    const key = { UserId: user, ChangedAt: after.changedAt, ConversationId: after.id };
    return this.#database.all('leftByUser', { ...key, Limit: limit }).map((row) => ({
      id: row['ConversationId'] as ConversationId,
      changedAt: Number(row['ChangedAt']),
    }));
  }
}

function conversationOrNone(row: SqliteRow | undefined): StoredConversation | undefined {
  return row && { ...(row as unknown as StoredConversation), Large: row['Large'] === 1 };
}

function toStoredMember(row: SqliteRow): StoredMember {
  return { ...(row as unknown as StoredMember), Present: row['Present'] === 1 };
}
