import type { Backplane } from '#shared/backplane/backplane.ts';
import { conversationOfStream, type StreamId, type UserId } from '#shared/contract/ids.ts';
import type { Presence } from '#shared/presence/presence.ts';
import type { ChatUser } from './chat-user.ts';
import { ChatUsers } from './chat-users.ts';
import { ConversationChannels } from './conversation-channels.ts';
import { ConversationEntry } from './conversation-entry.ts';
import { ConversationMembers } from './conversation-members.ts';
import { ConversationRows } from './conversation-rows.ts';
import type { FanOut } from './fan-out.ts';
import type { Member } from './member.ts';
import { MembershipWatch } from './membership-watch.ts';
import { Positions, type PositionsOptions } from './positions.ts';
import { PresenceWatch } from './presence-watch.ts';
import { Signals } from './signals.ts';
import { Typing } from './typing.ts';

export type ConversationsOptions = Omit<
  PositionsOptions<ConversationEntry>,
  'onDeliveries' | 'onHead' | 'onLostPlace'
> & {
  readonly backplane: Backplane;
  readonly fanOut: FanOut;
  readonly onLostPlace: (members: ReadonlySet<Member>) => void;
  /** @default nobody can tell who is here */
  readonly presence?: Presence | undefined;
};

/**
 * The conversations of this worker's users (decisions 8 and 9): each has one entry, whatever channels its frames come
 * on, and no row goes to anybody whose membership is in doubt.
 */
export class Conversations {
  readonly typing: Typing;
  readonly presence: PresenceWatch;
  readonly #options: ConversationsOptions;
  readonly #positions: Positions<ConversationEntry>;
  readonly #rows: ConversationRows;
  readonly #members: ConversationMembers;
  readonly #users: ChatUsers;
  readonly #signals: Signals;
  readonly #channels: ConversationChannels;
  readonly #watch: MembershipWatch;
  #closed = false;

  constructor(options: ConversationsOptions) {
    this.#options = options;
    const { backplane, fanOut } = options;
    this.#positions = new Positions<ConversationEntry>({
      ...options,
      onDeliveries: (deliveries, entry, before) => {
        entry.followLife();
        this.#members.heardByRows(deliveries, entry);
        this.#rows.take(deliveries, entry, before);
        this.#settle(entry);
      },
      onHead: ({ members }, entry) => {
        entry.followLife();
        entry.gate.need(members);
        this.#settle(entry);
      },
      onLostPlace: (entry) => this.#lostPlace(entry),
    });
    this.#rows = new ConversationRows(options);
    this.#members = new ConversationMembers({
      ...options,
      rows: this.#rows,
      positions: this.#positions,
      findUser: (user) => this.#users.find(user),
      entryOf: (stream) => this.#entry(stream),
      onLarge: (entry) => this.#channels.follow(entry),
      onRead: (entry) => this.typing.flush(entry),
      settle: (entry) => this.#settle(entry),
    });
    this.#users = new ChatUsers({
      ...options,
      onFrame: (user, bytes) => this.#channels.heard(user, bytes),
      onMemberships: (user, answer) => this.#members.membershipsRead(user, answer),
      onCame: (user) => this.presence.came(user),
      onGone: (user) => this.#forget(user),
    });
    this.#watch = new MembershipWatch({
      ...options,
      users: () => this.#users.users,
      onMembership: (user, stream, isIn) => {
        // Of those who are known to be in, versions of heads tell whether they still are.
        if (this.#positions.get(stream)?.gate.has(user)) return;
        if (isIn) this.#users.readAgain(user);
        else this.#members.isOut(user, stream);
      },
      onReload: () => this.#users.readAllAgain(),
    });
    this.presence = new PresenceWatch({ ...options, presence: options.presence, users: () => this.#users.users });
    this.#signals = new Signals(fanOut);
    this.#channels = new ConversationChannels({
      ...options,
      positions: this.#positions,
      members: this.#members,
      signals: this.#signals,
      entryOf: (stream) => this.#entry(stream),
      settle: (entry) => this.#settle(entry),
    });
    this.typing = new Typing({
      ...options,
      find: (stream) => this.#positions.get(stream),
      findUser: (user) => this.#users.find(user),
      wantMembers: (entry) => this.#members.want(entry),
    });
    backplane.onStateChange((state) => {
      if (state !== 'up') return;
      this.#positions.compareHeads();
      this.#watch.ask();
    });
  }

  /** The service did not answer the last read. */
  get sourceFailing(): boolean {
    return this.#positions.failing || this.#members.failing || this.#users.failing;
  }

  /** Resolves when the user's memberships and the places in these conversations are known. @param streams default all of the user's */
  async prepared(user: UserId, streams?: readonly StreamId[]): Promise<void> {
    const chatUser = this.#users.get(user);
    await chatUser.whenKnown();
    const entries = streams ? (this.entriesOf(user, streams) ?? []) : chatUser.entries;
    await Promise.all([...entries].map((entry) => this.#placed(entry)));
  }

  join(member: Member): void {
    const user = this.#users.join(member);
    for (const entry of user.entries) {
      entry.members.add(member);
      if (!entry.position.place) this.#positions.wantHead(entry);
      this.#settle(entry);
    }
  }

  leave(member: Member): void {
    this.typing.left(member);
    this.presence.left(member);
    const user = this.#users.leave(member);
    for (const entry of user?.entries ?? []) {
      entry.leave(member);
      if (entry.members.size === 0) this.#rows.emptied(entry);
    }
  }

  /** The entries of these conversations that the user is in, in the order asked; undefined while the memberships are unknown. */
  entriesOf(user: UserId, streams: readonly StreamId[]): readonly ConversationEntry[] | undefined {
    if (!this.#users.find(user)?.known) return undefined;
    return streams.flatMap((stream) => {
      const entry = this.#positions.get(stream);
      return entry?.gate.has(user) ? [entry] : [];
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    const away = this.presence.close();
    this.#channels.close();
    this.#watch.close();
    this.#users.close();
    this.#members.close();
    this.#positions.close();
    await away;
  }

  #placed(entry: ConversationEntry): Promise<void> {
    if (!entry.position.place) this.#positions.wantHead(entry);
    return entry.placed();
  }

  /** undefined for what is no conversation's stream. */
  #entry(stream: StreamId): ConversationEntry | undefined {
    const known = this.#positions.get(stream);
    if (known) return known;
    const conversation = conversationOfStream(stream);
    if (!conversation || this.#closed) return undefined;
    const entry = new ConversationEntry(stream, conversation);
    this.#positions.add(entry);
    return entry;
  }

  /** After anything changed: hands on what may go, asks for what is missing. */
  #settle(entry: ConversationEntry): void {
    if (entry.dropped) return;
    if (this.#rows.release(entry)) this.#positions.recheck(entry);
    if (entry.parked && entry.gate.isOpen) {
      entry.parked = false;
      this.#positions.recheck(entry);
    }
    this.#signals.flushNews(entry);
    if (entry.gate.isEmpty) this.#positions.drop(entry);
    else this.#members.wantIfNeeded(entry);
  }

  #forget(user: ChatUser): void {
    this.presence.gone(user.user);
    for (const entry of user.entries) {
      entry.gate.leave(user.user);
      this.#settle(entry);
    }
    user.entries.clear();
  }

  #lostPlace(entry: ConversationEntry): void {
    entry.reset();
    this.#options.onLostPlace(entry.members);
    this.#settle(entry);
  }
}
