import type { Backplane } from '#shared/backplane/backplane.ts';
import type { PresenceChanged } from '#shared/contract/chat-dto.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import { isUserId, type UserId } from '#shared/contract/ids.ts';
import { clientMethods } from '#shared/contract/names.ts';
import type { Presence } from '#shared/presence/presence.ts';
import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { FanOut } from './fan-out.ts';
import type { HubLimits } from './hub-limits.ts';
import type { HubMetrics } from './hub-metrics.ts';
import type { Member } from './member.ts';

type State = PresenceChanged['state'];

export type PresenceWatchOptions = {
  /** undefined: nobody can tell. */
  readonly presence: Presence | undefined;
  readonly backplane: Backplane;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: HubMetrics;
  readonly limits: Pick<HubLimits, 'presenceEveryMs'>;
  readonly fanOut: FanOut;
  /** Those who are at this worker. */
  readonly users: () => Iterable<UserId>;
};

export const maxWatchedUsers = 200;

/** Of one client in `callWindowMs`: each may read presence anew. */
const maxCalls = 20;
const callWindowMs = 10_000;

type Calls = { readonly windowEnds: number; readonly count: number };

/**
 * Says who is here, and tells clients of those whom they watch. Read at intervals, all watched users at once: however many
 * come and go in between, it costs one read and at most one message for each who watches (L3).
 */
export class PresenceWatch {
  readonly #options: PresenceWatchOptions;
  readonly #watchers = new Map<Member, ReadonlySet<UserId>>();
  readonly #calls = new WeakMap<Member, Calls>();
  readonly #watched = new Map<UserId, Set<Member>>();
  readonly #known = new Map<UserId, State>();
  readonly #came = new Set<UserId>();
  readonly #gone = new Set<UserId>();
  #flushing = false;
  /** Until then who is not found may merely not have been said again. */
  #doubtfulUntil = 0;
  #failing = false;
  #next: Timer | undefined;
  #nextBeat: Timer | undefined;
  #closed = false;

  constructor(options: PresenceWatchOptions) {
    this.#options = options;
    if (!options.presence) return;
    options.backplane.onStateChange((state) => {
      if (state !== 'up') return;
      this.#doubt();
      void this.#beat([...options.users()]);
    });
    this.#scheduleRead();
    this.#scheduleBeat();
  }

  came(user: UserId): void {
    this.#gone.delete(user);
    this.#came.add(user);
    this.#flushLater();
  }

  gone(user: UserId): void {
    this.#came.delete(user);
    this.#gone.add(user);
    this.#flushLater();
  }

  /** Replaces what the client watched. @throws PlatformError `bad_request`, `rate_limited` */
  async watch(member: Member, sent: unknown): Promise<readonly PresenceChanged[]> {
    const users = parseUsers(sent);
    this.#countCall(member);
    this.#unwatch(member);
    this.#watchers.set(member, users);
    for (const user of users) this.#watched.set(user, (this.#watched.get(user) ?? new Set()).add(member));
    const unread = [...users].filter((user) => !this.#known.has(user));
    for (const [user, state] of await this.#read(unread)) {
      // Meanwhile all watched ones may have been read.
      if (this.#watched.has(user) && !this.#known.has(user)) this.#known.set(user, state);
    }
    return [...users].map((userId) => ({ userId, state: this.#known.get(userId) ?? 'unknown' }));
  }

  left(member: Member): void {
    this.#unwatch(member);
  }

  /** Resolves when the others know that nobody is here any more, as far as they can be told. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#next?.cancel();
    this.#nextBeat?.cancel();
    await this.#options.presence?.leave([...this.#options.users()]).catch(() => {});
  }

  #countCall(member: Member): void {
    const now = this.#options.clock.now();
    const last = this.#calls.get(member);
    const { windowEnds, count } = last && now < last.windowEnds ? last : { windowEnds: now + callWindowMs, count: 0 };
    if (count >= maxCalls) throw new PlatformError('rate_limited', 'presence was asked for too often');
    this.#calls.set(member, { windowEnds, count: count + 1 });
  }

  #unwatch(member: Member): void {
    for (const user of this.#watchers.get(member) ?? []) {
      const members = this.#watched.get(user);
      members?.delete(member);
      if (members && members.size > 0) continue;
      this.#watched.delete(user);
      this.#known.delete(user);
    }
    this.#watchers.delete(member);
  }

  #scheduleRead(): void {
    this.#next = this.#options.clock.after(this.#options.limits.presenceEveryMs, async () => {
      await this.#readAll();
      if (!this.#closed) this.#scheduleRead();
    });
  }

  async #readAll(): Promise<void> {
    const states = await this.#read([...this.#watched.keys()]);
    for (const [user, state] of states) {
      const members = this.#watched.get(user);
      const known = this.#known.get(user);
      if (!members || known === state) continue;
      this.#known.set(user, state);
      if (known === undefined) continue;
      const changed: PresenceChanged = { userId: user, state };
      this.#options.fanOut.signal(clientMethods.presenceChanged, [changed], members);
    }
  }

  /** Never rejects: while nobody can tell, everybody's state is unknown. */
  async #read(users: readonly UserId[]): Promise<ReadonlyMap<UserId, State>> {
    const { presence, metrics, clock } = this.#options;
    if (users.length === 0) return new Map();
    try {
      if (!presence) throw new PlatformError('unavailable', 'presence is not kept');
      metrics.presenceReads.inc(users.length);
      const online = await presence.online(users);
      this.#answered(undefined);
      const absent = clock.now() < this.#doubtfulUntil ? 'unknown' : 'offline';
      return new Map(users.map((user) => [user, online.has(user) ? 'online' : absent]));
    } catch (error) {
      this.#answered(error);
      return new Map(users.map((user) => [user, 'unknown']));
    }
  }

  #answered(error: unknown): void {
    if (!this.#options.presence || this.#closed) return;
    const failing = error !== undefined;
    if (failing) this.#doubt();
    if (failing && !this.#failing) this.#options.log.warn({ err: error }, 'presence cannot be told for now');
    this.#failing = failing;
  }

  /** What was said may be lost: each worker gets the time to say it again, twice. */
  #doubt(): void {
    const { clock, presence } = this.#options;
    this.#doubtfulUntil = clock.now() + 2 * beatEveryMs(presence);
  }

  #scheduleBeat(): void {
    const { clock, presence, users } = this.#options;
    this.#nextBeat = clock.after(beatEveryMs(presence), async () => {
      await this.#beat([...users()]);
      if (!this.#closed) this.#scheduleBeat();
    });
  }

  #flushLater(): void {
    if (this.#flushing || this.#closed || !this.#options.presence) return;
    this.#flushing = true;
    setImmediate(() => void this.#flush());
  }

  async #flush(): Promise<void> {
    const [came, gone] = [[...this.#came], [...this.#gone]];
    this.#came.clear();
    this.#gone.clear();
    this.#flushing = false;
    if (came.length > 0) await this.#beat(came);
    // Whom nobody could take off the list expires.
    if (gone.length > 0) await this.#options.presence?.leave(gone).catch(() => {});
  }

  async #beat(users: readonly UserId[]): Promise<void> {
    if (users.length > 0 && !this.#closed) await this.#options.presence?.beat(users).catch(() => {});
  }
}

/** Two beats may be lost before anybody takes a user for gone. */
function beatEveryMs(presence: Presence | undefined): number {
  return (presence?.ttlMs ?? 0) / 3;
}

function parseUsers(sent: unknown): ReadonlySet<UserId> {
  if (!Array.isArray(sent) || sent.length > maxWatchedUsers || !sent.every(isUserId)) {
    throw new PlatformError('bad_request', `users must be a list of at most ${maxWatchedUsers} user ids`);
  }
  return new Set(sent);
}
