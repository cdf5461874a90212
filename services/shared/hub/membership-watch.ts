import type { StreamId, UserId } from '#shared/contract/ids.ts';
import { maxUsersAsked, type StreamSource } from '#shared/contract/internal-calls.ts';
import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { BatchReader } from './batch-reader.ts';
import type { HubLimits } from './hub-limits.ts';
import type { HubMetrics } from './hub-metrics.ts';

export type MembershipWatchOptions = {
  readonly source: Pick<StreamSource, 'membershipsSince'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: HubMetrics;
  readonly limits: Pick<HubLimits, 'membershipsEveryMs'>;
  readonly random: () => number;
  /** Those whose memberships this worker knows, or reads now. */
  readonly users: () => Iterable<UserId>;
  /** How it is now. Told more than once, also where nothing changed. */
  readonly onMembership: (user: UserId, stream: StreamId, isIn: boolean) => void;
  /** Anybody may have come into anything. */
  readonly onReload: () => void;
};

/**
 * Finds who came into a conversation, or went out, while all that told of it was lost, at a worker that hears nothing else
 * of that conversation: asks the service at intervals, about many users with one call, from where it left off. Begins with
 * the worker, so that users who come later are asked about from before their memberships were read.
 */
export class MembershipWatch {
  readonly #options: MembershipWatchOptions;
  readonly #reader: BatchReader<MembershipWatch>;
  /** Of the last round that was answered whole. */
  #since: string | null = null;
  #next: Timer | undefined;

  constructor(options: MembershipWatchOptions) {
    this.#options = options;
    const { clock, log, metrics } = options;
    this.#reader = new BatchReader({
      what: 'memberships since',
      maxBatch: 1,
      clock,
      log,
      onFailure: () => metrics.sourceFailures.inc(),
      read: () => this.#read(),
    });
    this.ask();
    this.#schedule();
  }

  /** Asks now: signals may have been lost. */
  ask(): void {
    this.#reader.want(this);
  }

  close(): void {
    this.#next?.cancel();
    this.#reader.close();
  }

  #schedule(): void {
    const { clock, limits, random } = this.#options;
    this.#next = clock.after(limits.membershipsEveryMs * (0.8 + 0.4 * random()), () => {
      this.ask();
      this.#schedule();
    });
  }

  async #read(): Promise<void> {
    const { source, users, onMembership, onReload } = this.#options;
    const all = [...users()];
    let token: string | undefined;
    let mustReload = false;
    // With nobody here it asks too: for the place to go on from.
    for (let from = 0; from === 0 || from < all.length; from += maxUsersAsked) {
      const part = all.slice(from, from + maxUsersAsked);
      const answer = await source.membershipsSince({ users: part, since: this.#since });
      // What happened since the first answer is for the next round.
      token ??= answer.token;
      mustReload ||= answer.reload;
      for (const { user, stream, isIn } of answer.memberships) onMembership(user, stream, isIn);
    }
    this.#since = token ?? null;
    if (mustReload) onReload();
  }
}
