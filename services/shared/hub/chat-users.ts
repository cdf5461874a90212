import type { Backplane } from '#shared/backplane/backplane.ts';
import type { UserId } from '#shared/contract/ids.ts';
import type { MembershipsAnswer, StreamSource } from '#shared/contract/internal-calls.ts';
import { userChannel } from '#shared/contract/names.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { BatchReader } from './batch-reader.ts';
import { ChatUser } from './chat-user.ts';
import type { HubLimits } from './hub-limits.ts';
import type { HubMetrics } from './hub-metrics.ts';
import type { Member } from './member.ts';

export type ChatUsersOptions = {
  readonly source: StreamSource;
  readonly backplane: Backplane;
  readonly clock: Clock;
  readonly log: Logger;
  readonly limits: Pick<HubLimits, 'lingerMs'>;
  readonly metrics: HubMetrics;
  readonly onFrame: (user: ChatUser, bytes: Uint8Array) => void;
  /** `user.known` becomes true after. */
  readonly onMemberships: (user: ChatUser, answer: MembershipsAnswer) => void;
  readonly onCame: (user: UserId) => void;
  readonly onGone: (user: ChatUser) => void;
};

/** Calls under way at a time. */
const maxReads = 16;

/** The users that take part in chat here: each with one channel, subscribed before the memberships are read. */
export class ChatUsers {
  readonly #options: ChatUsersOptions;
  readonly #reader: BatchReader<ChatUser>;
  #users = new Map<UserId, ChatUser>();
  #closed = false;

  constructor(options: ChatUsersOptions) {
    this.#options = options;
    const { clock, log, metrics } = options;
    this.#reader = new BatchReader({
      what: 'memberships',
      maxBatch: maxReads,
      clock,
      log,
      onFailure: () => metrics.sourceFailures.inc(),
      read: (users) => this.#read(users),
    });
  }

  get failing(): boolean {
    return this.#reader.failing;
  }

  find(user: UserId): ChatUser | undefined {
    return this.#users.get(user);
  }

  get users(): Iterable<UserId> {
    return this.#users.keys();
  }

  /** Kept at least for the linger time. */
  get(user: UserId): ChatUser {
    const known = this.#users.get(user);
    if (known) return known;
    const made = new ChatUser(user);
    this.#users.set(user, made);
    this.#options.metrics.chatUsers.set(this.#users.size);
    this.#lingerIfEmpty(made);
    void this.#subscribe(made);
    return made;
  }

  join(member: Member): ChatUser {
    const user = this.get(member.user);
    user.linger?.cancel();
    user.linger = undefined;
    user.members.add(member);
    if (user.members.size === 1) this.#options.onCame(member.user);
    return user;
  }

  leave(member: Member): ChatUser | undefined {
    const user = this.#users.get(member.user);
    if (user?.members.delete(member)) this.#lingerIfEmpty(user);
    return user;
  }

  /** What told of his memberships may have been lost. */
  readAgain(user: UserId): void {
    const known = this.#users.get(user);
    if (known) this.#reader.want(known);
  }

  readAllAgain(): void {
    for (const user of this.#users.values()) this.#reader.want(user);
  }

  close(): void {
    this.#closed = true;
    this.#reader.close();
    for (const user of this.#users.values()) this.#drop(user);
  }

  async #subscribe(user: ChatUser): Promise<void> {
    const { backplane, log, onFrame } = this.#options;
    // Frames can't come while it is down; everything is read again when it is back.
    if (backplane.state === 'down') this.#reader.want(user);
    try {
      const { unsubscribe } = await backplane.subscribe(userChannel(user.user), (bytes) => onFrame(user, bytes));
      if (user.dropped) return unsubscribe();
      user.unsubscribe = unsubscribe;
      this.#reader.want(user);
    } catch (error) {
      if (!this.#closed) log.error({ err: error }, 'subscribing a user failed');
    }
  }

  async #read(users: readonly ChatUser[]): Promise<void> {
    const reads = users.map((user) => this.#readOne(user));
    const failed = (await Promise.allSettled(reads)).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
  }

  async #readOne(user: ChatUser): Promise<void> {
    if (user.dropped) return;
    const answer = await this.#options.source.memberships({ user: user.user });
    if (user.dropped) return;
    this.#options.onMemberships(user, answer);
    user.known = true;
    user.tellKnown();
  }

  #lingerIfEmpty(user: ChatUser): void {
    if (user.members.size > 0 || this.#closed) return;
    const { clock, limits } = this.#options;
    user.linger?.cancel();
    user.linger = clock.after(limits.lingerMs, () => this.#drop(user));
  }

  #drop(user: ChatUser): void {
    user.dropped = true;
    user.linger?.cancel();
    this.#reader.forget(user);
    user.unsubscribe?.();
    this.#users.delete(user.user);
    this.#options.metrics.chatUsers.set(this.#users.size);
    this.#options.onGone(user);
    user.tellKnown();
  }
}
