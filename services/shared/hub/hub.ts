import type { RevokedTokens } from '#shared/auth/revocation-list.ts';
import type { Backplane } from '#shared/backplane/backplane.ts';
import type { StreamId, UserId } from '#shared/contract/ids.ts';
import type { StreamSource } from '#shared/contract/internal-calls.ts';
import type { Presence } from '#shared/presence/presence.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { Metrics } from '#shared/runtime/metrics.ts';
import { Admission, type AdmissionAnswer } from './admission.ts';
import type { ClientConnection } from './client-connection.ts';
import { Conversations } from './conversations.ts';
import { drainMembers } from './drain.ts';
import { FanOut } from './fan-out.ts';
import { Flusher } from './flusher.ts';
import type { HubLimits } from './hub-limits.ts';
import { createHubMetrics } from './hub-metrics.ts';
import { LiveMembers } from './live-members.ts';
import { Member } from './member.ts';
import { type Membership, openMembership } from './membership.ts';
import { Streams } from './streams.ts';
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

/** The connections of one worker and the streams they are in, whatever protocol they speak. */
export class Hub {
  readonly #options: HubOptions;
  readonly #random: () => number;
  readonly #streams: Streams;
  readonly #conversations: Conversations | undefined;
  readonly #admission: Admission;
  readonly #users: UserConnections;
  readonly #members: LiveMembers;
  readonly #flusher = new Flusher();
  #draining: Promise<void> | undefined;

  constructor(options: HubOptions) {
    const { clock, limits, random = Math.random } = options;
    this.#options = options;
    this.#random = random;
    const metrics = createHubMetrics(options.metrics);
    const common = { ...options, random, metrics };
    this.#admission = new Admission({ clock, random, limits, onRefusal: () => metrics.refusals.inc() });
    this.#users = new UserConnections({ ...common, presence: options.presence });
    this.#members = new LiveMembers({
      ...common,
      revoked: options.revoked,
      onEnded: (member) => this.#leaveStreams(member),
      onGone: ({ user }) => {
        this.#users.gone(user);
        this.#admission.disconnected();
      },
    });
    const fanOut = new FanOut({ metrics, onSlow: (member) => this.#members.close(member, 'slow') });
    this.#streams = new Streams({
      ...common,
      onDelivery: (delivery, members, stream) =>
        fanOut.row(delivery, members, (member) =>
          delivery.as === 'receive' || member.cursorStreams.has(stream) ? delivery.as : undefined,
        ),
      onLostPlace: (members, stream) =>
        this.#members.lostPlace(members, ({ cursorStreams }) => cursorStreams.has(stream)),
    });
    if (options.chatSource) {
      this.#conversations = new Conversations({
        ...common,
        source: options.chatSource,
        fanOut,
        onLostPlace: (members) => this.#members.lostPlace(members, ({ chatSubscribed }) => chatSubscribed),
      });
    }
  }

  get connections(): number {
    return this.#members.all.size;
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
    const { clock, limits } = this.#options;
    const member = new Member(connection, streams, {
      maxQueuedBytes: limits.maxQueuedBytes,
      flusher: this.#flusher,
      now: clock.now(),
    });
    const hasPlace = this.#admission.connected();
    const mayCome = this.#users.came(member.user);
    this.#members.add(member);
    for (const stream of streams) this.#streams.join(stream, member);
    const conversations = chat ? this.#conversations : undefined;
    conversations?.join(member);
    // It may have been revoked since its token was verified.
    if (this.#members.isRevoked(member)) this.#members.close(member, 'revoked');
    else if (!mayCome) this.#members.close(member, 'refused');
    else if (!hasPlace) this.#members.close(member, 'draining');
    const parts = { clock, members: this.#members, streams: this.#streams, conversations, closeAtExpiry };
    return openMembership(member, parts);
  }

  /** Lets nobody in any more and sends everybody to other workers, spread over a window. Resolves when all are gone or the time is over. */
  drain(): Promise<void> {
    const { clock, limits, log } = this.#options;
    this.#admission.close();
    if (!this.#draining) {
      log.info({ connections: this.connections }, 'draining');
      this.#draining = drainMembers({
        clock,
        random: this.#random,
        windowMs: limits.drainWindowMs,
        closeWaitMs: limits.closeWaitMs,
        members: this.#members.all,
        close: (member) => this.#members.close(member, 'draining'),
      });
    }
    return this.#draining;
  }

  /** Ends what is left, at once. Resolves when other workers know. */
  async close(): Promise<void> {
    this.#admission.close();
    for (const member of this.#members.all) this.#members.close(member, 'draining');
    this.#streams.close();
    await Promise.all([this.#users.close(), this.#conversations?.close()]);
  }

  #leaveStreams(member: Member): void {
    for (const stream of member.streams) this.#streams.leave(stream, member);
    this.#conversations?.leave(member);
  }
}
