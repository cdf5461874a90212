import type { Backplane, BackplaneSubscription } from '#shared/backplane/backplane.ts';
import { revocationsChannel } from '#shared/contract/names.ts';
import {
  decodeRevocationFrame,
  maxRevocations,
  type Revocation,
  type RevocationSource,
  revocationKey,
} from '#shared/contract/revocation.ts';
import { backoffMs } from '#shared/runtime/backoff.ts';
import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { Metrics } from '#shared/runtime/metrics.ts';
import type { Principal } from './principal.ts';
import { createRevocationMetrics, type RevocationMetrics } from './revocation-metrics.ts';

/** Port: whether a token that verifies was taken back. */
export interface RevokedTokens {
  isRevoked(principal: Principal): boolean;
  /** Called after each change that may have revoked somebody. Returns quickly and never throws. */
  onRevoked(listener: () => void): void;
}

export type RevocationListOptions = {
  readonly source: RevocationSource;
  /** undefined: changes are found by reading alone. */
  readonly backplane: Backplane | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** How long a revocation whose frame was lost may stay unknown. @default 30,000 */
  readonly readEveryMs?: number;
};

export const defaultReadEveryMs = 30_000;
/** How long whoever comes first waits for the first read. */
const firstReadWaitMs = 3_000;
/** Frames that ask for a read, however many, cause this one at most. */
const leastPauseMs = 100;

/**
 * What is revoked, as this process knows it: read at the start, at each heal of the backplane and at intervals; between
 * reads frames add to it. Listens first and reads after, so that nothing falls between the two. What was read last counts
 * for as long as no read succeeds.
 */
export class RevocationList implements RevokedTokens {
  readonly #options: RevocationListOptions;
  readonly #metrics: RevocationMetrics;
  readonly #listeners: (() => void)[] = [];
  #untilByKey = new Map<string, number>();
  /** Frames that came while a read was under way: the read may not have them. */
  #heardMeanwhile: Revocation[] = [];
  #subscription: BackplaneSubscription | undefined;
  #timer: Timer | undefined;
  #reading: Promise<void> | undefined;
  #readAgain = false;
  #failures = 0;
  #known = false;
  #closed = false;
  #endFirstWait: () => void = () => {};
  readonly #firstRead = new Promise<void>((resolve) => {
    this.#endFirstWait = resolve;
  });

  constructor(options: RevocationListOptions) {
    this.#options = options;
    this.#metrics = createRevocationMetrics(options.metrics, () => this.#untilByKey.size);
    options.clock.after(firstReadWaitMs, this.#endFirstWait);
    this.#listen();
    // A backplane that is down must not keep the list unknown: it is read again once frames arrive.
    this.#read();
  }

  /** Whether it was ever read. Before that nobody is known to be revoked. */
  get known(): boolean {
    return this.#known;
  }

  /** Whether the last read failed. */
  get failing(): boolean {
    return this.#failures > 0;
  }

  /** Resolves when the first read has ended, well or not, or takes longer than anybody should wait. */
  firstRead(): Promise<void> {
    return this.#firstRead;
  }

  isRevoked({ user, tokenId }: Principal): boolean {
    if (this.#untilByKey.size === 0) return false;
    if (this.#holds(revocationKey({ kind: 'user', id: user }))) return true;
    return tokenId !== undefined && this.#holds(revocationKey({ kind: 'token', id: tokenId }));
  }

  onRevoked(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    this.#subscription?.unsubscribe();
    this.#endFirstWait();
    await this.#reading;
  }

  #listen(): void {
    const { backplane } = this.#options;
    if (!backplane) return;
    backplane.onStateChange((state) => {
      if (state === 'up') this.#read();
    });
    backplane
      .subscribe(revocationsChannel, (frame) => this.#hear(frame))
      .then(
        (subscription) => {
          if (this.#closed) return subscription.unsubscribe();
          this.#subscription = subscription;
          this.#read();
        },
        // The backplane was closed.
        () => {},
      );
  }

  #holds(key: string): boolean {
    const until = this.#untilByKey.get(key);
    return until !== undefined && until > this.#options.clock.now();
  }

  #hear(bytes: Uint8Array): void {
    const frame = decodeRevocationFrame(bytes);
    if (!frame) return;
    // Whoever was lifted, or is more than fits, is known after the next read.
    if (frame.kind === 'lifted' || this.#untilByKey.size >= maxRevocations) {
      this.#read();
      return;
    }
    if (this.#reading) this.#heardMeanwhile.push(frame);
    add(this.#untilByKey, frame);
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #read(): void {
    if (this.#closed) return;
    // The one under way may have begun before what this call is about.
    if (this.#reading) {
      this.#readAgain = true;
      return;
    }
    this.#timer?.cancel();
    this.#reading = this.#readAll().finally(() => {
      this.#reading = undefined;
      this.#endFirstWait();
      if (this.#closed) return;
      const delayMs = this.#readAgain ? leastPauseMs : this.#pauseMs();
      this.#readAgain = false;
      this.#timer = this.#options.clock.after(delayMs, () => this.#read());
    });
  }

  #pauseMs(): number {
    const { readEveryMs = defaultReadEveryMs } = this.#options;
    if (this.#failures === 0) return readEveryMs;
    return backoffMs(this.#failures - 1, { baseMs: 200, capMs: Math.min(5_000, readEveryMs) });
  }

  async #readAll(): Promise<void> {
    const { log } = this.#options;
    this.#heardMeanwhile = [];
    try {
      const read = await this.#readPages();
      for (const revocation of this.#heardMeanwhile) add(read, revocation);
      this.#untilByKey = read;
      if (this.#failures > 0) log.info('revocations read again');
      this.#failures = 0;
      this.#known = true;
      this.#metrics.reads.inc({ outcome: 'ok' });
      if (read.size > 0) this.#tell();
    } catch (err) {
      this.#failures += 1;
      this.#metrics.reads.inc({ outcome: 'failed' });
      if (this.#failures === 1) log.warn({ err }, 'revocations not read, trying again');
    } finally {
      this.#heardMeanwhile = [];
    }
  }

  async #readPages(): Promise<Map<string, number>> {
    const read = new Map<string, number>();
    let after: string | undefined;
    do {
      const { revocations, next } = await this.#options.source.inForce(after);
      for (const revocation of revocations) add(read, revocation);
      after = next ?? undefined;
      // Replicas that store at the same time may go a little beyond.
      if (read.size > 2 * maxRevocations) throw new Error(`more than ${maxRevocations} revocations are in force`);
    } while (after !== undefined);
    return read;
  }
}

/** The later time counts, in whatever order the frames of several replicas come. */
function add(untilByKey: Map<string, number>, revocation: Revocation): void {
  const key = revocationKey(revocation);
  untilByKey.set(key, Math.max(revocation.until, untilByKey.get(key) ?? 0));
}
