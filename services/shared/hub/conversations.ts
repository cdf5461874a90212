import type { Backplane } from '#shared/backplane/backplane.ts';
import type { MembershipChanged } from '#shared/contract/chat-dto.ts';
import { conversationOfStream, type StreamId, type UserId } from '#shared/contract/ids.ts';
import type { StreamMembership } from '#shared/contract/internal-calls.ts';
import { clientMethods, streamChannel } from '#shared/contract/names.ts';
import { decodePushFrame, type PushFrame } from '#shared/contract/push-frame.ts';
import { decodeSignalFrame, type SignalFrame } from '#shared/contract/signal-frame.ts';
import type { Presence } from '#shared/presence/presence.ts';
import { backoffMs } from '#shared/runtime/backoff.ts';
import type { Delivery, Place } from '#shared/stream/position.ts';
import type { BatchReader } from './batch-reader.ts';
import type { ChatUser } from './chat-user.ts';
import { ChatUsers } from './chat-users.ts';
import { ConversationEntry } from './conversation-entry.ts';
import type { FanOut } from './fan-out.ts';
import type { Member } from './member.ts';
import type { MembersNow } from './member-gate.ts';
import { createMembersReader } from './members-reader.ts';
import { usersNamedIn } from './membership-row.ts';
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

/** Suspects that so many reads in a row did not confirm are given up. */
const maxVainReads = 5;
const maxRecentlyNew = 64;

/**
 * The conversations of this worker's users (decisions 8 and 9): each has one entry, whatever channels its frames come
 * on, and no row goes to anybody whose membership is in doubt.
 */
export class Conversations {
  readonly typing: Typing;
  readonly presence: PresenceWatch;
  readonly #options: ConversationsOptions;
  readonly #positions: Positions<ConversationEntry>;
  readonly #members: BatchReader<ConversationEntry>;
  readonly #users: ChatUsers;
  readonly #signals: Signals;
  #closed = false;

  constructor(options: ConversationsOptions) {
    this.#options = options;
    const { backplane, fanOut } = options;
    this.#positions = new Positions<ConversationEntry>({
      ...options,
      onDeliveries: (deliveries, entry, before) => this.#take(deliveries, entry, before),
      onHead: ({ members }, entry) => {
        entry.gate.need(members);
        this.#settle(entry);
      },
      onLostPlace: (entry) => this.#lostPlace(entry),
    });
    this.#members = createMembersReader({ ...options, onRead: (...read) => this.#membersRead(...read) });
    this.#users = new ChatUsers({
      ...options,
      onFrame: (user, bytes) => this.#frameFor(user, bytes),
      onMemberships: (user, memberships) => this.#membershipsRead(user, memberships),
      onCame: (user) => this.presence.came(user),
      onGone: (user) => this.#forget(user),
    });
    this.presence = new PresenceWatch({ ...options, presence: options.presence, users: () => this.#users.users });
    this.#signals = new Signals(fanOut);
    this.typing = new Typing({
      ...options,
      find: (stream) => this.#positions.get(stream),
      wantMembers: (entry) => this.#members.want(entry),
    });
    backplane.onStateChange((state) => {
      if (state !== 'up') return;
      this.#positions.compareHeads();
      this.#users.readAgain();
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
      entry.members.delete(member);
      entry.floors.delete(member);
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
    this.#users.close();
    this.#members.close();
    this.#positions.close();
    await away;
  }

  #placed(entry: ConversationEntry): Promise<void> {
    if (!entry.position.place) this.#positions.wantHead(entry);
    return entry.placed();
  }

  #frameFor(user: ChatUser, bytes: Uint8Array): void {
    const signal = decodeSignalFrame(bytes);
    if (signal) {
      if (signal.kind === 'membership') this.#heardOfMembership(user, signal);
      else this.#signals.toUser(signal, this.#positions.get(signal.stream), user);
      return;
    }
    const frame = decodePushFrame(bytes);
    if (!frame || !conversationOfStream(frame.stream)) {
      this.#options.metrics.frames.inc({ outcome: 'unreadable' });
      for (const entry of user.entries) this.#positions.wantHead(entry);
      return;
    }
    const entry = this.#entry(frame.stream);
    if (!entry) return;
    const { members: version, seq } = frame;
    if (!entry.gate.has(user.user)) {
      entry.gate.suspect(user.user, { version, since: isNewTo(user, frame, entry) ? seq : undefined });
    }
    this.#frame(entry, frame);
  }

  #frameOf(entry: ConversationEntry, bytes: Uint8Array): void {
    const signal = decodeSignalFrame(bytes);
    if (signal) {
      if (signal.stream === entry.stream) this.#signals.toAll(signal, entry);
      return;
    }
    const frame = decodePushFrame(bytes);
    if (frame?.stream === entry.stream) {
      this.#frame(entry, frame);
      return;
    }
    this.#options.metrics.frames.inc({ outcome: 'unreadable' });
    this.#positions.wantHead(entry);
  }

  #frame(entry: ConversationEntry, frame: PushFrame): void {
    // Also of a row that is early: what it tells of the members counts now.
    if (frame.epoch === entry.position.place?.epoch) entry.gate.need(frame.members);
    this.#positions.frame(entry, frame);
    this.#settle(entry);
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

  #heardOfMembership(user: ChatUser, signal: Extract<SignalFrame, { readonly kind: 'membership' }>): void {
    const { stream, version } = signal;
    if (signal.user !== user.user || !Number.isSafeInteger(version)) return;
    const entry = this.#entry(stream);
    if (!entry || version <= (entry.gate.versionOf(user.user) ?? -1)) return;
    if (entry.gate.has(user.user)) entry.gate.need(version);
    else entry.gate.suspect(user.user, { version, since: version });
    this.#settle(entry);
  }

  #take(deliveries: readonly Delivery[], entry: ConversationEntry, before: Place | undefined): void {
    for (const { row } of deliveries) {
      for (const user of usersNamedIn(row)) {
        if (this.#users.find(user) && !entry.gate.has(user)) {
          entry.gate.suspect(user, { version: row.members, since: row.seq });
        }
      }
    }
    // Nobody is connected: whoever comes begins at the head.
    if (entry.members.size === 0) for (const { row } of deliveries) entry.gate.need(row.members);
    else if (entry.gate.offer(deliveries, placeBefore(deliveries, before, entry))) this.#deliver(deliveries, entry);
    else this.#hold(deliveries.length, entry);
    this.#settle(entry);
  }

  #hold(rows: number, entry: ConversationEntry): void {
    this.#options.metrics.heldRows.inc(rows);
    if (entry.gate.heldRows <= this.#options.limits.maxHeldRows) return;
    const { from } = entry.gate.dropHeld();
    entry.parked = true;
    if (from && from.epoch === entry.position.place?.epoch) entry.position.returnTo(from);
  }

  #deliver(deliveries: readonly Delivery[], entry: ConversationEntry): void {
    const { recentlyNew, floors } = entry;
    for (const floor of floors.values()) {
      const first = floor.number === undefined && deliveries.find(({ row }) => row.seq === floor.seq + 1);
      if (first) floor.number = first.row.number - 1;
    }
    for (const delivery of deliveries) {
      const { row, as } = delivery;
      if (as === 'receive') recentlyNew.push(row.seq);
      if (recentlyNew.length > maxRecentlyNew) recentlyNew.shift();
      this.#options.fanOut.row(delivery, entry.members, (member) => {
        const floor = floors.get(member);
        if (floor && row.seq <= floor.seq) return undefined;
        if (as === 'receive' && row.number > (floor?.number ?? 0)) return 'receive';
        return member.chatSubscribed ? 'change' : undefined;
      });
    }
    const through = entry.handedOn?.seq ?? 0;
    for (const [member, { seq }] of floors) if (seq < through) floors.delete(member);
  }

  /** After anything changed: hands on what may go, asks for what is missing. */
  #settle(entry: ConversationEntry): void {
    if (entry.dropped) return;
    const released = entry.gate.release();
    if (released.length > 0) this.#deliver(released, entry);
    if (entry.parked && entry.gate.isOpen) {
      entry.parked = false;
      this.#positions.recheck(entry);
    }
    this.#signals.flushNews(entry);
    if (entry.gate.isEmpty) this.#positions.drop(entry);
    else if (entry.wantsMembers && entry.vainReads === 0) this.#members.want(entry);
  }

  #membersRead(entry: ConversationEntry, asked: readonly UserId[], now: MembersNow): void {
    const { joined, left } = entry.gate.settle(asked, now);
    entry.audience = { version: now.version, all: now.all };
    for (const user of left) this.#exit(entry, this.#users.find(user));
    for (const { user, since } of joined) this.#welcome(entry, user, since, now.version);
    for (const user of now.all ?? []) {
      if (!this.#users.find(user) || !entry.gate.join(user, now.version)) continue;
      this.#welcome(entry, user, undefined, now.version);
    }
    if (now.large) this.#follow(entry);
    this.typing.flush(entry);
    this.#readAgain(entry);
    this.#settle(entry);
  }

  /** The service knows less than was heard of it: it is asked again after a while. */
  #readAgain(entry: ConversationEntry): void {
    entry.vainReads = entry.gate.isWanting ? entry.vainReads + 1 : 0;
    if (entry.vainReads > maxVainReads) entry.gate.clearSuspects();
    if (entry.vainReads === 0 || entry.readAgain) return;
    const { clock, random } = this.#options;
    entry.readAgain = clock.after(backoffMs(entry.vainReads, { baseMs: 100, capMs: 5_000 }, random), () => {
      entry.readAgain = undefined;
      if (entry.wantsMembers) this.#members.want(entry);
      else entry.vainReads = 0;
    });
  }

  #welcome(entry: ConversationEntry, id: UserId, since: number | undefined, version: number): void {
    const user = this.#users.find(id);
    if (!user) {
      entry.gate.leave(id);
      return;
    }
    // Whoever has been here while he came in gets all rows from there on.
    const first = user.known ? Math.min(since ?? Number.POSITIVE_INFINITY, version) : since;
    this.#enter(entry, user, first);
    if (user.known) this.#tellMembership(entry, user, 'joined');
  }

  #enter(entry: ConversationEntry, user: ChatUser, since: number | undefined): void {
    user.entries.add(entry);
    if (since !== undefined && since > 0) this.#startFrom(entry, user, since);
    for (const member of user.members) entry.members.add(member);
    if (!entry.position.place) this.#positions.wantHead(entry);
  }

  #startFrom(entry: ConversationEntry, user: ChatUser, since: number): void {
    const { handedOn } = entry;
    for (const member of user.members) entry.floors.set(member, { seq: since - 1, number: undefined });
    if (handedOn && since > handedOn.seq) return;
    for (const member of entry.members) {
      const floor = entry.floors.get(member);
      if (handedOn && (!floor || floor.seq < handedOn.seq)) entry.floors.set(member, { ...handedOn });
    }
    entry.gate.dropHeld();
    entry.position.startFrom(since);
    // After the newcomer's connections were added: a stream without any is not repaired.
    queueMicrotask(() => entry.dropped || this.#positions.recheck(entry));
  }

  #exit(entry: ConversationEntry, user: ChatUser | undefined): void {
    if (!user) return;
    user.entries.delete(entry);
    for (const member of user.members) {
      entry.members.delete(member);
      entry.floors.delete(member);
    }
    this.#tellMembership(entry, user, 'left');
  }

  #tellMembership({ conversation }: ConversationEntry, user: ChatUser, state: MembershipChanged['state']): void {
    const change: MembershipChanged = { conversationId: conversation, state };
    const subscribed = [...user.members].filter(({ chatSubscribed }) => chatSubscribed);
    this.#options.fanOut.call(clientMethods.membershipChanged, [change], subscribed);
  }

  #membershipsRead(user: ChatUser, memberships: readonly StreamMembership[]): void {
    const missing = new Set(user.entries);
    for (const { stream, version, large } of memberships) {
      const entry = this.#entry(stream);
      if (!entry) continue;
      missing.delete(entry);
      const since = user.known ? version : entry.gate.sinceOf(user.user);
      if (entry.gate.join(user.user, version)) {
        this.#enter(entry, user, since);
        if (user.known) this.#tellMembership(entry, user, 'joined');
      }
      if (large) this.#follow(entry);
      this.#settle(entry);
    }
    // The answer may be older than what is known: those are asked about one by one.
    for (const entry of missing) {
      entry.gate.doubt(user.user);
      this.#members.want(entry);
    }
  }

  /** It is large: its rows come on its own channel from now on. */
  #follow(entry: ConversationEntry): void {
    if (entry.large) return;
    entry.large = true;
    const { backplane, log } = this.#options;
    backplane
      .subscribe(streamChannel(entry.stream), (bytes) => this.#frameOf(entry, bytes))
      .then(({ unsubscribe }) => {
        if (entry.dropped) return unsubscribe();
        entry.unsubscribe = unsubscribe;
        this.#positions.wantHead(entry);
      })
      .catch((error: unknown) => {
        if (!this.#closed) log.error({ err: error }, 'subscribing a conversation failed');
      });
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
    entry.gate.reset();
    entry.floors.clear();
    entry.audience = undefined;
    entry.news = undefined;
    entry.newsThrough = 0;
    entry.parked = false;
    this.#options.onLostPlace(entry.members);
    this.#settle(entry);
  }
}

/** Of a row that was no news to others nobody knows whether it is to him. */
function isNewTo(
  { known }: ChatUser,
  { seq, number }: PushFrame,
  { handedOn, recentlyNew }: ConversationEntry,
): boolean {
  return handedOn ? number > handedOn.number || recentlyNew.includes(seq) : known;
}

/** Where a stream stood before these rows. They tell the number: a position that was moved back does not know it yet. */
function placeBefore(
  deliveries: readonly Delivery[],
  before: Place | undefined,
  { position }: ConversationEntry,
): Place {
  const now = position.place;
  const news = deliveries.filter(({ as }) => as === 'receive').map(({ row }) => row.number);
  return {
    epoch: now?.epoch ?? '',
    seq: before?.seq ?? (deliveries[0]?.row.seq ?? 1) - 1,
    number: news.length > 0 ? Math.min(...news) - 1 : (before?.number ?? now?.number ?? 0),
  };
}
