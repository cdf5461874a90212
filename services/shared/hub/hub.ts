import type { Principal } from '#shared/auth/principal.ts';
import type { RevokedTokens } from '#shared/auth/revocation-list.ts';
import type { Backplane } from '#shared/backplane/backplane.ts';
import type { PresenceChanged, SubscribeChatAnswer } from '#shared/contract/chat-dto.ts';
import { formatCursor, parseCursor } from '#shared/contract/cursor.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import { conversationStream, type StreamId, type UserId } from '#shared/contract/ids.ts';
import type { StreamSource } from '#shared/contract/internal-calls.ts';
import type { SubscribeAnswer } from '#shared/contract/notification-dto.ts';
import type { Presence } from '#shared/presence/presence.ts';
import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { Metrics } from '#shared/runtime/metrics.ts';
import { Admission, type AdmissionAnswer } from './admission.ts';
import type { ClientConnection, CloseReason } from './client-connection.ts';
import { Conversations } from './conversations.ts';
import { drainMembers } from './drain.ts';
import { atTime } from './expiry.ts';
import { FanOut } from './fan-out.ts';
import { Flusher } from './flusher.ts';
import type { HubLimits } from './hub-limits.ts';
import { createHubMetrics, type HubMetrics } from './hub-metrics.ts';
import { Member } from './member.ts';
import { Streams } from './streams.ts';
import { parseConversation, parseCursors, type SubscribedCursors, toSubscribeChatAnswer } from './subscribe-chat.ts';
import { UserConnections } from './user-connections.ts';
import { within } from './within.ts';

export type HubOptions = {
  /** Of notifications. */
  readonly source: StreamSource;
  /** Of conversations. @default no chat */
  readonly chatSource?: StreamSource | undefined;
  /** Who is at which worker, and how often. @default nobody can tell */
  readonly presence?: Presence | undefined;
  readonly backplane: Backplane;
  /** Whose connections are closed, and not let in. @default nobody's */
  readonly revoked?: RevokedTokens | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly limits: HubLimits;
  /** @default Math.random */
  readonly random?: () => number;
};

export type JoinOptions = {
  /** Takes part in the conversations of its user. @default false; without a `chatSource` it never does */
  readonly chat?: boolean;
  readonly streams: readonly StreamId[];
  /** Whether the connection ends when its token does. */
  readonly closeAtExpiry: boolean;
};

/** One connection's part in the hub. */
export interface Membership {
  /**
   * From now on the changes of `stream` are sent too. `cursor` is whatever the client sent.
   * @throws PlatformError `bad_request`; `unavailable` when the place in the stream is not known in time
   */
  subscribe(stream: StreamId, cursor: unknown): Promise<SubscribeAnswer>;
  /**
   * From now on changes, receipts and memberships of all conversations are sent too. `cursors` is whatever the client sent.
   * @throws PlatformError `bad_request`; `unavailable` when the places are not known in time
   */
  subscribeChat(cursors: unknown): Promise<SubscribeChatAnswer>;
  /** Tells the other members, if this is one. `conversation` is whatever the client sent. @throws PlatformError `bad_request` */
  typing(conversation: unknown, state: 'started' | 'stopped'): void;
  /** Replaces whom the client watches. `users` is whatever it sent. @throws PlatformError `bad_request`, `rate_limited` */
  watchPresence(users: unknown): Promise<readonly PresenceChanged[]>;
  /** The client showed a newer token of the same user. */
  renew(principal: Principal): void;
  /** The client changed its transport. */
  transportChanged(): void;
  /** The connection is gone. Safe to call twice. */
  leave(reason?: string): void;
}

const subscribeWaitMs = 10_000;
const reloadSpreadMs = 5_000;

/** The connections of one worker and the streams they are in, whatever protocol they speak. */
export class Hub {
  readonly #options: HubOptions;
  readonly #random: () => number;
  readonly #metrics: HubMetrics;
  readonly #fanOut: FanOut;
  readonly #streams: Streams;
  readonly #conversations: Conversations | undefined;
  readonly #admission: Admission;
  readonly #users: UserConnections;
  readonly #flusher = new Flusher();
  #members = new Set<Member>();
  #draining: Promise<void> | undefined;

  constructor(options: HubOptions) {
    const { metrics, clock, limits, random = Math.random } = options;
    this.#options = options;
    this.#random = random;
    const hubMetrics = createHubMetrics(metrics);
    this.#metrics = hubMetrics;
    this.#admission = new Admission({ clock, random, limits, onRefusal: () => hubMetrics.refusals.inc() });
    this.#users = new UserConnections({ ...options, presence: options.presence, metrics: hubMetrics });
    options.revoked?.onRevoked(() => this.#closeRevoked());
    this.#fanOut = new FanOut({ metrics: hubMetrics, onSlow: (member) => this.#close(member, 'slow') });
    const common = { ...options, random, metrics: hubMetrics };
    this.#streams = new Streams({
      ...common,
      onDelivery: (delivery, members, stream) =>
        this.#fanOut.row(delivery, members, (member) =>
          delivery.as === 'receive' || member.cursorStreams.has(stream) ? delivery.as : undefined,
        ),
      onLostPlace: (members, stream) => this.#tellLostPlace(members, ({ cursorStreams }) => cursorStreams.has(stream)),
    });
    if (options.chatSource) {
      this.#conversations = new Conversations({
        ...common,
        source: options.chatSource,
        fanOut: this.#fanOut,
        onLostPlace: (members) => this.#tellLostPlace(members, ({ chatSubscribed }) => chatSubscribed),
      });
    }
  }

  get connections(): number {
    return this.#members.size;
  }

  get draining(): boolean {
    return this.#draining !== undefined;
  }

  /** The service that knows the streams did not answer the last read. */
  get sourceFailing(): boolean {
    return this.#streams.sourceFailing;
  }

  get hasChat(): boolean {
    return this.#conversations !== undefined;
  }

  get chatSourceFailing(): boolean {
    return this.#conversations?.sourceFailing ?? false;
  }

  /** Whether a new client may begin. Takes its time when there is no place. */
  admit(): Promise<AdmissionAnswer> {
    return this.#admission.admit();
  }

  /** Takes its time, 300 ms at most, when the user has many. @throws PlatformError `rate_limited` when he has as many as allowed */
  checkUser(user: UserId): Promise<void> {
    return this.#users.check(user);
  }

  /**
   * Takes the place in these streams, and in the conversations of `chatUser`, before a client is accepted, so that it misses
   * nothing from its first moment. Bounded in time: while a service is down clients are accepted without, and frames that
   * come meanwhile are kept for them.
   */
  async prepare(streams: readonly StreamId[], chatUser?: UserId): Promise<void> {
    const entries = streams.map((stream) => this.#streams.entry(stream));
    const waits: Promise<unknown>[] = [];
    if (!this.sourceFailing) waits.push(...entries.map((entry) => entry.placed()));
    // Asked in any case: it begins to read.
    const chat = chatUser === undefined ? undefined : this.#conversations?.prepared(chatUser);
    if (chat && !this.chatSourceFailing) waits.push(chat);
    const { clock, limits } = this.#options;
    if (waits.length > 0) await within(clock, limits.placeWaitMs, Promise.all(waits));
  }

  join(connection: ClientConnection, { streams, closeAtExpiry, chat = false }: JoinOptions): Membership {
    const { clock, log, limits } = this.#options;
    const { user } = connection.principal;
    const member = new Member(connection, streams, {
      maxQueuedBytes: limits.maxQueuedBytes,
      flusher: this.#flusher,
      now: clock.now(),
    });
    const hasPlace = this.#admission.connected();
    const mayCome = this.#users.came(user);
    this.#members.add(member);
    this.#metrics.connections.inc({ protocol: connection.protocol.name, transport: member.transport });
    log.info(
      { connection: connection.id, user, protocol: connection.protocol.name, transport: member.transport },
      'connected',
    );
    for (const stream of streams) this.#streams.join(stream, member);
    const inChat = chat ? this.#conversations : undefined;
    inChat?.join(member);
    // It may have been revoked since its token was verified.
    if (this.#isRevoked(member)) this.#close(member, 'revoked');
    else if (!mayCome) this.#close(member, 'refused');
    else if (!hasPlace) this.#close(member, 'draining');
    return this.#membership(member, { closeAtExpiry, conversations: inChat });
  }

  /** Lets nobody in any more and sends everybody to other workers, spread over a window. Resolves when all are gone or the time is over. */
  drain(): Promise<void> {
    const { clock, limits, log } = this.#options;
    this.#admission.close();
    if (!this.#draining) {
      log.info({ connections: this.#members.size }, 'draining');
      this.#draining = drainMembers({
        clock,
        random: this.#random,
        windowMs: limits.drainWindowMs,
        closeWaitMs: limits.closeWaitMs,
        members: this.#members,
        close: (member) => this.#close(member, 'draining'),
      });
    }
    return this.#draining;
  }

  /** Ends what is left, at once. Resolves when other workers know. */
  async close(): Promise<void> {
    this.#admission.close();
    for (const member of this.#members) this.#close(member, 'draining');
    this.#streams.close();
    await Promise.all([this.#users.close(), this.#conversations?.close()]);
  }

  #membership(
    member: Member,
    { closeAtExpiry, conversations }: { closeAtExpiry: boolean; conversations: Conversations | undefined },
  ): Membership {
    const { clock } = this.#options;
    let expiry: Timer | undefined;
    const renew = (principal: Principal) => {
      member.principal = principal;
      expiry?.cancel();
      if (closeAtExpiry) expiry = atTime(clock, principal.expiresAt, () => this.#close(member, 'expired'));
    };
    renew(member.connection.principal);
    return {
      renew,
      subscribe: (stream, cursor) => this.#subscribe(member, stream, cursor),
      subscribeChat: async (sent) => this.#subscribeChat(member, parseCursors(sent), conversations),
      typing(sent, state) {
        const conversation = parseConversation(sent);
        if (conversation) conversations?.typing[state](member, conversationStream(conversation));
      },
      watchPresence: async (users) => {
        if (!conversations || member.endedBy) return [];
        return conversations.presence.watch(member, users);
      },
      transportChanged: () => this.#countTransport(member),
      leave: (reason) => {
        expiry?.cancel();
        this.#leave(member, reason);
      },
    };
  }

  async #subscribe(member: Member, stream: StreamId, cursor: unknown): Promise<SubscribeAnswer> {
    const isCursor = cursor === undefined || cursor === null || (typeof cursor === 'string' && cursor.length <= 128);
    if (!isCursor) throw new PlatformError('bad_request', 'cursor must be a string or null');
    const entry = this.#streams.entry(stream);
    await within(this.#options.clock, subscribeWaitMs, entry.placed());
    const { place } = entry.position;
    if (!place) throw new PlatformError('unavailable', 'the stream can not be read now');
    member.cursorStreams.add(stream);
    const epoch = typeof cursor === 'string' ? parseCursor(cursor)?.epoch : place.epoch;
    return { cursor: formatCursor(place), reload: epoch !== place.epoch };
  }

  async #subscribeChat(
    member: Member,
    cursors: SubscribedCursors,
    conversations: Conversations | undefined,
  ): Promise<SubscribeChatAnswer> {
    if (!conversations) throw new PlatformError('unavailable', 'this connection takes no part in chat');
    const streams = [...cursors.keys()].map(conversationStream);
    await within(this.#options.clock, subscribeWaitMs, conversations.prepared(member.user, streams));
    const entries = conversations.entriesOf(member.user, streams);
    const answer = entries && toSubscribeChatAnswer(entries, cursors);
    if (!answer) throw new PlatformError('unavailable', 'the conversations can not be read now');
    member.chatSubscribed = true;
    return answer;
  }

  /** Who keeps a cursor comes back and learns by subscribing that it must reload; others have no way to be told and keep what they show. */
  #tellLostPlace(members: ReadonlySet<Member>, keepsCursor: (member: Member) => boolean): void {
    for (const member of members) {
      if (member.mustReload || !keepsCursor(member)) continue;
      member.mustReload = true;
      this.#options.clock.after(this.#random() * reloadSpreadMs, () => this.#close(member, 'reload'));
    }
  }

  #closeRevoked(): void {
    for (const member of this.#members) {
      if (this.#isRevoked(member)) this.#close(member, 'revoked');
    }
  }

  #isRevoked({ principal }: Member): boolean {
    return this.#options.revoked?.isRevoked(principal) ?? false;
  }

  #close(member: Member, reason: CloseReason): void {
    if (member.endedBy || !this.#members.has(member)) return;
    this.#metrics.closes.inc({ reason });
    if (reason === 'revoked' || reason === 'refused') {
      const { connection, user } = member;
      this.#options.log.warn({ audit: reason, connection: connection.id, user }, 'connection closed');
    }
    member.close(reason);
    // Nothing more is for it, but it counts until it is gone.
    this.#leaveStreams(member);
  }

  #leave(member: Member, reason: string | undefined): void {
    if (!this.#members.delete(member)) return;
    const { clock, log } = this.#options;
    const { connection } = member;
    const { user } = connection.principal;
    this.#users.gone(user);
    this.#leaveStreams(member);
    this.#metrics.connections.dec({ protocol: connection.protocol.name, transport: member.transport });
    this.#admission.disconnected();
    log.info(
      { connection: connection.id, user, reason: member.endedBy ?? reason, ms: clock.now() - member.joinedAt },
      'disconnected',
    );
  }

  #countTransport(member: Member): void {
    if (!this.#members.has(member)) return;
    const protocol = member.connection.protocol.name;
    this.#metrics.connections.dec({ protocol, transport: member.transport });
    member.transport = member.connection.transport;
    this.#metrics.connections.inc({ protocol, transport: member.transport });
  }

  #leaveStreams(member: Member): void {
    for (const stream of member.streams) this.#streams.leave(stream, member);
    this.#conversations?.leave(member);
  }
}
