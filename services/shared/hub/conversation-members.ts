import type { MembershipChanged } from '#shared/contract/chat-dto.ts';
import { conversationOfStream, type StreamId, type UserId } from '#shared/contract/ids.ts';
import type { MembershipsAnswer, StreamSource } from '#shared/contract/internal-calls.ts';
import { clientMethods } from '#shared/contract/names.ts';
import type { PushFrame } from '#shared/contract/push-frame.ts';
import type { SignalFrame } from '#shared/contract/signal-frame.ts';
import { backoffMs } from '#shared/runtime/backoff.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { Delivery } from '#shared/stream/position.ts';
import type { BatchReader } from './batch-reader.ts';
import type { ChatUser } from './chat-user.ts';
import type { ConversationEntry } from './conversation-entry.ts';
import type { ConversationRows } from './conversation-rows.ts';
import type { FanOut } from './fan-out.ts';
import type { HubMetrics } from './hub-metrics.ts';
import type { MembersNow } from './member-gate.ts';
import { createMembersReader } from './members-reader.ts';
import { usersNamedIn } from './membership-row.ts';
import type { Positions } from './positions.ts';

export type ConversationMembersOptions = {
  readonly source: StreamSource;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: HubMetrics;
  readonly random: () => number;
  readonly fanOut: FanOut;
  readonly rows: ConversationRows;
  readonly positions: Positions<ConversationEntry>;
  /** One who is here. */
  readonly findUser: (user: UserId) => ChatUser | undefined;
  /** Makes it where there is none; undefined for what is no conversation's stream. */
  readonly entryOf: (stream: StreamId) => ConversationEntry | undefined;
  /** Rows come on the conversation's own channel. */
  readonly onLarge: (entry: ConversationEntry) => void;
  /** The members were read. */
  readonly onRead: (entry: ConversationEntry) => void;
  /** Anything about the entry changed. */
  readonly settle: (entry: ConversationEntry) => void;
};

/** Suspects that so many reads in a row did not confirm are given up. */
const maxVainReads = 5;

/** Who of this worker's users is in which conversation: what is heard of it is asked of the service, and only that counts. */
export class ConversationMembers {
  readonly #options: ConversationMembersOptions;
  readonly #reader: BatchReader<ConversationEntry>;

  constructor(options: ConversationMembersOptions) {
    this.#options = options;
    this.#reader = createMembersReader({ ...options, onRead: (...read) => this.#read(...read) });
  }

  get failing(): boolean {
    return this.#reader.failing;
  }

  /** Unless the last answers did not tell enough: then it is asked after a while. */
  wantIfNeeded(entry: ConversationEntry): void {
    if (entry.wantsMembers && entry.vainReads === 0) this.#reader.want(entry);
  }

  want(entry: ConversationEntry): void {
    this.#reader.want(entry);
  }

  close(): void {
    this.#reader.close();
  }

  /** A frame came on the user's own channel: he may be in. */
  heardByFrame({ user, known }: ChatUser, { members, seq, number }: PushFrame, entry: ConversationEntry): void {
    const { gate, handedOn, recentlyNew } = entry;
    if (gate.has(user)) return;
    // Of a row that was no news to others nobody knows whether it is to him.
    const isNew = handedOn ? number > handedOn.number || recentlyNew.includes(seq) : known;
    gate.suspect(user, { version: members, since: isNew ? seq : undefined });
  }

  heardBySignal(
    { user }: ChatUser,
    signal: Extract<SignalFrame, { readonly kind: 'membership' }>,
    entry: ConversationEntry,
  ): void {
    const { version } = signal;
    if (signal.user !== user || !Number.isSafeInteger(version)) return;
    if (version <= (entry.gate.versionOf(user) ?? -1)) return;
    if (entry.gate.has(user)) entry.gate.need(version);
    else entry.gate.suspect(user, { version, since: version, isOwn: true });
  }

  /** Rows that changed who is in name those whom it concerns. */
  heardByRows(deliveries: readonly Delivery[], { gate }: ConversationEntry): void {
    for (const { row } of deliveries) {
      for (const user of usersNamedIn(row)) {
        if (!this.#options.findUser(user) || gate.has(user)) continue;
        gate.suspect(user, { version: row.members, since: row.seq, isOwn: true });
      }
    }
  }

  /** This worker never had him in, or has told so; his clients may have heard otherwise from the service. */
  isOut(user: UserId, stream: StreamId): void {
    const [known, conversation] = [this.#options.findUser(user), conversationOfStream(stream)];
    if (known && conversation) this.#tellMembership({ conversation }, known, 'left');
  }

  /** Tells who came in. Who went out is found by the version of the head. */
  membershipsRead(user: ChatUser, { epoch, memberships }: MembershipsAnswer): void {
    const { entryOf, onLarge, settle, positions } = this.#options;
    for (const { stream, version, large } of memberships) {
      const entry = entryOf(stream);
      if (!entry) continue;
      if (entry.isOfLife(epoch)) {
        const since = user.known ? version : entry.gate.sinceOf(user.user);
        if (entry.gate.join(user.user, version)) this.#enter(entry, user, since);
      } else {
        positions.wantHead(entry);
        entry.gate.suspect(user.user, { version: 0, since: undefined });
      }
      if (large) onLarge(entry);
      settle(entry);
    }
  }

  #read(entry: ConversationEntry, asked: readonly UserId[], now: MembersNow): void {
    const { findUser, onLarge, onRead, settle, positions } = this.#options;
    if (!entry.isOfLife(now.epoch)) {
      positions.wantHead(entry);
      this.#readAgain(entry);
      return;
    }
    const { joined, left } = entry.gate.settle(asked, now);
    entry.audience = { version: now.version, all: now.all };
    for (const user of left) this.#exit(entry, findUser(user));
    for (const { user, since } of joined) this.#welcome(entry, user, since, now.version);
    for (const user of now.all ?? []) {
      if (!findUser(user) || !entry.gate.join(user, now.version)) continue;
      this.#welcome(entry, user, undefined, now.version);
    }
    if (now.large) onLarge(entry);
    onRead(entry);
    this.#readAgain(entry);
    settle(entry);
  }

  /** The service knows less than was heard of it, or it or this worker is in a life that is over: it is asked again after a while. */
  #readAgain(entry: ConversationEntry): void {
    entry.vainReads = entry.gate.isWanting ? entry.vainReads + 1 : 0;
    if (entry.vainReads > maxVainReads) entry.gate.clearSuspects();
    if (entry.vainReads === 0 || entry.readAgain) return;
    const { clock, random } = this.#options;
    entry.readAgain = clock.after(backoffMs(entry.vainReads, { baseMs: 100, capMs: 5_000 }, random), () => {
      entry.readAgain = undefined;
      if (entry.wantsMembers) this.#reader.want(entry);
      else entry.vainReads = 0;
    });
  }

  #welcome(entry: ConversationEntry, id: UserId, since: number | undefined, version: number): void {
    const user = this.#options.findUser(id);
    if (!user) entry.gate.leave(id);
    // Whoever has been here while he came in gets all rows from there on.
    else this.#enter(entry, user, user.known ? Math.min(since ?? Number.POSITIVE_INFINITY, version) : since);
  }

  #enter(entry: ConversationEntry, user: ChatUser, since: number | undefined): void {
    const { rows, positions } = this.#options;
    user.entries.add(entry);
    const movedBack = since !== undefined && since > 0 && rows.startFrom(since, entry, user);
    const version = entry.gate.versionOf(user.user) ?? 0;
    if ((entry.handedOn?.seq ?? 0) < version) entry.absences.doubt(user.user, version);
    for (const member of user.members) entry.members.add(member);
    if (!entry.position.place) positions.wantHead(entry);
    else if (movedBack) positions.recheck(entry);
    if (user.known) this.#tellMembership(entry, user, 'joined');
  }

  #exit(entry: ConversationEntry, user: ChatUser | undefined): void {
    if (!user) return;
    user.entries.delete(entry);
    for (const member of user.members) entry.leave(member);
    if (entry.members.size === 0) this.#options.rows.emptied(entry);
    this.#tellMembership(entry, user, 'left');
  }

  #tellMembership(
    { conversation }: Pick<ConversationEntry, 'conversation'>,
    user: ChatUser,
    state: MembershipChanged['state'],
  ): void {
    const change: MembershipChanged = { conversationId: conversation, state };
    const subscribed = [...user.members].filter(({ chatSubscribed }) => chatSubscribed);
    this.#options.fanOut.call(clientMethods.membershipChanged, [change], subscribed);
  }
}
