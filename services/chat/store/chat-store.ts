import type { ConversationType, MemberRole, MessageType, SystemMessage } from '#shared/contract/chat-dto.ts';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import type { Feed } from '#shared/stream/feed.ts';
import type { Conversation, ConversationHead, ConversationView, Member } from '../domain/conversation.ts';
import type { ChatRow, DeletedMessageRow, MessageRow } from '../domain/message-row.ts';

/**
 * Port: one stream of messages per conversation, by the rules of `#shared/stream/feed.ts`, and who is in it.
 *
 * - What a call has answered is on disk and, in a cluster, on its majority; a reader never sees less.
 * - Messages of one conversation that are sent through one instance take their numbers in the order of the calls;
 *   several instances may work on one database or file at once.
 * - Every call throws PlatformError `unavailable` when the store did not answer for a few seconds, and after `close`.
 *   What it meant to write may have been written all the same: every call is safe to repeat.
 * - The store knows who is in; who may do what is decided before it is called. Ids that are unknown, or no ids at all,
 *   answer undefined.
 * - Texts are kept as they are; a call with half a surrogate pair in one throws `bad_request`.
 * - Every row that takes a seq is pending until `published`: it is never lost between the store and the bus.
 */
export interface ChatStore {
  /**
   * A private pair has one conversation for ever, also under a race: `created: false`, and whoever has left it is in again.
   * A group is always new and its creator its owner; both of a pair are members. The first row is a system message.
   */
  createConversation(conversation: NewConversation): Promise<Created>;

  /** undefined for whoever is not in it now. */
  view(conversation: ConversationId, user: UserId): Promise<ConversationView | undefined>;

  /** Newest `lastMessageAt` first, then by id. Costs the same anywhere in the list. */
  views(user: UserId, page: ViewsPage): Promise<readonly ConversationView[]>;

  /**
   * Of the conversations that changed at or after `since` by the store's own clock, ascending by (change, id): messages,
   * names, members, roles, the user's own read position. A change can be read a moment after its time: read with overlap.
   */
  viewsSince(user: UserId, since: number, page: SincePage): Promise<SincePageAnswer>;

  /** Milliseconds since 1970 by the one clock that `viewsSince` goes by. */
  now(): Promise<number>;

  /** Moves nothing but the head and the name. undefined: unknown. */
  rename(conversation: ConversationId, actor: UserId, name: string): Promise<Changed | undefined>;

  /** Whoever is in already stays as he is; the row names those who were added, and none is written where that is nobody. */
  addMembers(conversation: ConversationId, actor: UserId, users: readonly UserId[]): Promise<Changed | undefined>;

  /**
   * From the answer on the user reads nothing and no later row is handed to him: his place is closed first, then the row
   * is written. See `setRole` for the last owner.
   */
  removeMember(conversation: ConversationId, actor: UserId, user: UserId): Promise<Changed | undefined>;

  /**
   * A group that has people has an owner: the last one who leaves, is removed or gets another role hands the ownership to
   * the highest in rank then, of several the longest-standing. Who is demoted may so be an owner again.
   */
  setRole(conversation: ConversationId, actor: UserId, user: UserId, role: MemberRole): Promise<Changed | undefined>;

  /** The longest-standing first. */
  members(conversation: ConversationId, page: MembersPage): Promise<readonly Member[]>;

  /** Who of `users` is in now, and as of which version; `all` unless the conversation is large. */
  membersAmong(conversation: ConversationId, users: readonly UserId[]): Promise<MembersNow | undefined>;

  /** Every conversation that the user is in. */
  memberships(user: UserId): Promise<readonly Membership[]>;

  /**
   * Where `users` came in or went out, or a place of theirs changed otherwise, at or after `since` by the clock of `now`;
   * read with overlap, as `viewsSince`. One look-up a user, however many conversations he is in.
   */
  placesSince(users: readonly UserId[], since: number): Promise<readonly Place[]>;

  /**
   * Once per (sender, `clientMessageId`): the same again with the same `bodyHash` answers the first row in its latest
   * state, `created: false`.
   *
   * @throws PlatformError `conflict` when that id was used with another body or in another conversation, `not_found` for
   * an unknown conversation
   */
  send(message: NewMessage): Promise<Sent>;

  message(id: string): Promise<ChatRow | undefined>;

  /** Changes the content and moves the row to the head. `changed: false`: it is so already. undefined: unknown or deleted. */
  edit(id: string, content: string): Promise<Edited<MessageRow> | undefined>;

  /** Clears all contents and moves the tombstone to the head. undefined: unknown. */
  delete(id: string): Promise<Edited<DeletedMessageRow> | undefined>;

  /** Newest first, without deleted ones: those with a number below `before`. Costs the same anywhere. */
  list(conversation: ConversationId, page: MessagesPage): Promise<readonly MessageRow[]>;

  /** In the order of the request; an unknown one is empty. */
  heads(conversations: readonly ConversationId[]): Promise<readonly ConversationHead[]>;

  /** Costs the same anywhere. `limit` is at least 1; `since`: see `Cursor`. */
  changes(conversation: ConversationId, after: number, limit: number, since?: number): Promise<ChatFeed>;

  /** Never back; never beyond the head. undefined for whoever is not in it. */
  markRead(
    conversation: ConversationId,
    user: UserId,
    through: number,
  ): Promise<{ readonly readThrough: number; readonly changed: boolean } | undefined>;

  /**
   * Rows that are pending since before `pendingSince` and that nobody else has leased, in their latest state; they are
   * this caller's for `leaseMs`. Oldest first, at most `limit`. Mends their conversations' heads first.
   */
  leasePending(options: {
    readonly pendingSince: number;
    readonly leaseMs: number;
    readonly limit: number;
  }): Promise<readonly PendingRow[]>;

  /** The row with that seq is on the bus; mends the conversation's head first. A row that has moved on stays pending. */
  published(row: Pick<ChatRow, 'id' | 'conversationId' | 'seq'>): Promise<void>;

  /** Finishes creations and changes of members, roles and names that died between their steps, begun before that time of `now`. */
  finishMemberships(options: { readonly begunBefore: number; readonly limit: number }): Promise<readonly Changed[]>;

  /** Which life of the store its seqs belong to. Another process's new epoch is seen within a second. */
  epoch(): Promise<string>;

  /** Ends all cursors: the last step of a restore. */
  newEpoch(): Promise<string>;

  /** Removes tombstones that were deleted before that time, never the newest or the first row of a stream, nor one that is pending. */
  purge(options: { readonly deletedBefore: number }): Promise<{ readonly removed: number }>;

  /** Resolves when the store can serve. */
  ping(): Promise<void>;

  /** Finishes what was called before. */
  close(): Promise<void>;
}

export type NewConversation = {
  readonly type: ConversationType;
  readonly creator: UserId;
  /** Without the creator, without doubles; exactly one for a private conversation. */
  readonly others: readonly UserId[];
  readonly name: string | null;
};

export type Created = { readonly view: ConversationView; readonly row: ChatRow; readonly created: boolean };

/** `row`: the system message that tells of it; undefined where nothing had to change. */
export type Changed = { readonly conversation: Conversation; readonly row: MessageRow | undefined };

export type NewMessage = {
  readonly conversationId: ConversationId;
  readonly senderId: UserId;
  readonly content: string;
  readonly type: MessageType;
  readonly system: SystemMessage | null;
  /** null: every call is a new message. */
  readonly clientMessageId: string | null;
  /** Of what the client sent, for `conflict`. */
  readonly bodyHash: string;
};

/** `conversation` as it is after the row. */
export type Sent = { readonly row: ChatRow; readonly created: boolean; readonly conversation: Conversation };
export type Edited<Row> = {
  readonly row: Row;
  readonly changed: boolean;
  readonly conversation: Conversation;
  /** See `PendingRow`. */
  readonly unsent: boolean;
};

/** `unsent`: no event has told of the row yet, so the next one tells of a new row, however often it has changed. */
export type PendingRow = ChatRow & { readonly unsent: boolean };

export type ViewsPage = {
  readonly before: { readonly lastMessageAt: number; readonly id: ConversationId } | undefined;
  readonly limit: number;
};
export type SincePage = {
  readonly after: { readonly changedAt: number; readonly id: ConversationId } | undefined;
  readonly limit: number;
};
export type SincePageAnswer = {
  readonly views: readonly ConversationView[];
  /** Conversations that the user left in that time and is not in now. */
  readonly left: readonly ConversationId[];
  /** Where to go on; undefined: this was all. */
  readonly next: { readonly changedAt: number; readonly id: ConversationId } | undefined;
};
export type MembersPage = {
  readonly after: { readonly joinedAt: number; readonly userId: UserId } | undefined;
  readonly limit: number;
};
export type MessagesPage = { readonly before: number | undefined; readonly limit: number };
export type MembersNow = {
  readonly version: number;
  readonly large: boolean;
  readonly users: readonly UserId[];
  readonly all: readonly UserId[] | null;
};
export type Membership = { readonly conversationId: ConversationId; readonly version: number; readonly large: boolean };
export type Place = { readonly userId: UserId; readonly conversationId: ConversationId; readonly isIn: boolean };
export type ChatFeed = Omit<Feed<ChatRow>, 'head'> & { readonly head: ConversationHead };
