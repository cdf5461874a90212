import type { Backplane } from '#shared/backplane/backplane.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import type { UserId } from '#shared/contract/ids.ts';
import type { Presence } from '#shared/presence/presence.ts';
import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { HubLimits } from './hub-limits.ts';
import type { HubMetrics } from './hub-metrics.ts';
import { within } from './within.ts';

export type UserConnectionsOptions = {
  /** undefined: each worker counts for itself. */
  readonly presence: Presence | undefined;
  readonly backplane: Backplane;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: HubMetrics;
  readonly limits: Pick<HubLimits, 'maxConnectionsPerUser'>;
};

/** Of the cap: nobody waits for a count with fewer connections, here and elsewhere together. */
const askedShare = 1 / 12;
/** How long a connect waits for the count of all workers. */
const askWaitMs = 300;
/** Users of one beat that are told of at once. */
const maxBatch = 1_000;

/**
 * How many connections each user has, here and at the other workers (S8). A worker tells of each coming and going, all of
 * one tick in one batch, and learns by the answer what the others said; so the usual connect waits for nothing. Workers
 * that let somebody in at one instant don't know of each other yet: the cap may be passed by what is on its way.
 */
export class UserConnections {
  readonly #options: UserConnectionsOptions;
  readonly #here = new Map<UserId, number>();
  /** By the others' last word; also of users who were about to come. */
  readonly #elsewhere = new Map<UserId, number>();
  readonly #untold = new Set<UserId>();
  #telling: Promise<void> | undefined;
  #failing = false;
  #nextBeat: Timer | undefined;
  #closed = false;

  constructor(options: UserConnectionsOptions) {
    this.#options = options;
    options.metrics.userLimitLocal.set(options.presence ? 0 : 1);
    if (!options.presence) return;
    options.backplane.onStateChange((state) => {
      if (state === 'up') void this.#beat();
    });
    this.#scheduleBeat();
  }

  /** Bounded in time: what nobody can tell in time is taken for none. @throws PlatformError `rate_limited` when the user has as many as allowed */
  async check(user: UserId): Promise<void> {
    const { metrics, limits } = this.#options;
    const max = limits.maxConnectionsPerUser;
    if (this.#hereOf(user) < max && this.#total(user) >= Math.floor(max * askedShare)) await this.#ask(user);
    if (this.#total(user) < max) return;
    metrics.overUserLimit.inc();
    this.#options.log.warn({ audit: 'rate_limited', user }, 'connection refused');
    throw new PlatformError('rate_limited', 'too many connections of one user');
  }

  /** False when this one is too many: others came since the check. It counts all the same, until it is gone. */
  came(user: UserId): boolean {
    this.#here.set(user, this.#hereOf(user) + 1);
    void this.#tell(user);
    return this.#total(user) <= this.#options.limits.maxConnectionsPerUser;
  }

  gone(user: UserId): void {
    const left = this.#hereOf(user) - 1;
    if (left > 0) this.#here.set(user, left);
    else this.#here.delete(user);
    void this.#tell(user);
  }

  /** Resolves when the others know that nobody is here any more, as far as they can be told. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#nextBeat?.cancel();
    const users = [...new Set([...this.#here.keys(), ...this.#untold])];
    if (users.length > 0) await this.#options.presence?.count(new Map(users.map((user) => [user, 0]))).catch(() => {});
  }

  #hereOf(user: UserId): number {
    return this.#here.get(user) ?? 0;
  }

  #total(user: UserId): number {
    return this.#hereOf(user) + (this.#elsewhere.get(user) ?? 0);
  }

  /** Afterwards what is known of the others is fresh, or nothing. */
  async #ask(user: UserId): Promise<void> {
    const { presence, clock, metrics } = this.#options;
    // Nobody waits for what is known to be away: it is tried by every beat.
    if (!presence || this.#failing || this.#closed) return;
    metrics.userLimitAsked.inc();
    let isFresh = false;
    const told = this.#tell(user).then(() => {
      isFresh = true;
    });
    await within(clock, askWaitMs, told);
    if (!isFresh) this.#elsewhere.delete(user);
  }

  /** Never rejects. All of one tick go in one batch, each with the number that it has then. */
  #tell(user: UserId): Promise<void> {
    if (!this.#options.presence || this.#closed) return Promise.resolve();
    this.#untold.add(user);
    this.#telling ??= new Promise((resolve) => {
      setImmediate(() => {
        const users = [...this.#untold];
        this.#untold.clear();
        this.#telling = undefined;
        resolve(this.#count(users));
      });
    });
    return this.#telling;
  }

  async #count(users: readonly UserId[]): Promise<void> {
    const { presence } = this.#options;
    if (!presence || this.#closed || users.length === 0) return;
    try {
      const elsewhere = await presence.count(new Map(users.map((user) => [user, this.#hereOf(user)])));
      for (const [user, connections] of elsewhere) this.#elsewhere.set(user, connections);
      this.#answered(undefined);
    } catch (error) {
      this.#answered(error);
    }
  }

  #answered(error: unknown): void {
    const failing = error !== undefined;
    if (failing === this.#failing || this.#closed) return;
    this.#failing = failing;
    const { log, metrics } = this.#options;
    metrics.userLimitLocal.set(failing ? 1 : 0);
    if (failing) {
      // Too old to shut anybody out.
      this.#elsewhere.clear();
      log.warn({ err: error }, 'connections of users are counted at this worker alone for now');
    } else {
      log.info('connections of users are counted at all workers again');
    }
  }

  async #beat(): Promise<void> {
    for (const user of this.#elsewhere.keys()) {
      if (!this.#here.has(user)) this.#elsewhere.delete(user);
    }
    const users = [...this.#here.keys()];
    // In batches that leave at once: between them somebody may come or go.
    for (let from = 0; from < users.length && !(from > 0 && this.#failing); from += maxBatch) {
      await this.#count(users.slice(from, from + maxBatch));
    }
  }

  /** Two beats may be lost before anybody takes a connection for gone. */
  #scheduleBeat(): void {
    const { clock, presence } = this.#options;
    this.#nextBeat = clock.after((presence?.ttlMs ?? 0) / 3, async () => {
      await this.#beat();
      if (!this.#closed) this.#scheduleBeat();
    });
  }
}
