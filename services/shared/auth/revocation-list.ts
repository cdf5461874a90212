import type { Backplane, BackplaneSubscription } from '#shared/backplane/backplane.ts';
import {
  decodeRevocationFrame,
  type Revocation,
  type RevocationSource,
  revocationKey,
  revocationsChannel,
} from '#shared/contract/revocation.ts';
import { backoffMs } from '#shared/runtime/backoff.ts';
import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { Principal } from './principal.ts';

/** Port: whether a token that verifies was taken back. */
export interface RevokedTokens {
  isRevoked(principal: Principal): boolean;
  /** Called after each change that may have revoked somebody. */
  onRevoked(listener: () => void): void;
}

export type RevocationListOptions = {
  readonly source: RevocationSource;
  readonly backplane: Backplane;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long a revocation whose frame was lost may stay unknown. @default 30,000 */
  readonly readEveryMs?: number;
};

const defaultReadEveryMs = 30_000;

/**
 * What is revoked, as this process knows it: read from its store at the start, at each heal of the backplane and at
 * intervals; between reads changed by frames. Listens first and reads after, so that nothing falls between the two.
 */
export class RevocationList implements RevokedTokens {
  readonly #options: RevocationListOptions;
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
  #tellFirstRead: () => void = () => {};
  readonly #firstRead = new Promise<void>((resolve) => {
    this.#tellFirstRead = resolve;
  });

  constructor(options: RevocationListOptions) {
    this.#options = options;
    const { backplane } = options;
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
    // A backplane that is down must not keep the list unknown.
    this.#read();
  }

  /** Whether it was read once. */
  get known(): boolean {
    return this.#known;
  }

  /** Whether the last read failed. */
  get failing(): boolean {
    return this.#failures > 0;
  }

  /** Entries, those whose time is over included until the next read. */
  get size(): number {
    return this.#untilByKey.size;
  }

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
    this.#tellFirstRead();
    await this.#reading;
  }

  #holds(key: string): boolean {
    const until = this.#untilByKey.get(key);
    return until !== undefined && until > this.#options.clock.now();
  }

  #hear(bytes: Uint8Array): void {
    const revocation = decodeRevocationFrame(bytes);
    if (!revocation) return;
    if (this.#reading) this.#heardMeanwhile.push(revocation);
    if (this.#apply(this.#untilByKey, revocation)) this.#tell();
  }

  /** Whether somebody is revoked who was not, or for longer. */
  #apply(untilByKey: Map<string, number>, revocation: Revocation): boolean {
    const key = revocationKey(revocation);
    const before = untilByKey.get(key) ?? 0;
    if (revocation.until <= this.#options.clock.now()) untilByKey.delete(key);
    else untilByKey.set(key, revocation.until);
    return revocation.until > before;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }

  #read(): void {
    if (this.#closed) return;
    this.#timer?.cancel();
    // The one under way may have begun before what this call is about.
    if (this.#reading) {
      this.#readAgain = true;
      return;
    }
    this.#reading = this.#readAll().finally(() => {
      this.#reading = undefined;
      if (this.#closed) return;
      if (this.#readAgain) {
        this.#readAgain = false;
        this.#read();
        return;
      }
      const { clock, readEveryMs = defaultReadEveryMs } = this.#options;
      const delayMs =
        this.#failures > 0
          ? backoffMs(this.#failures - 1, { baseMs: 200, capMs: Math.min(5_000, readEveryMs) })
          : readEveryMs;
      this.#timer = clock.after(delayMs, () => this.#read());
    });
  }

  async #readAll(): Promise<void> {
    const { source, log } = this.#options;
    this.#heardMeanwhile = [];
    try {
      const read = new Map<string, number>();
      let after: string | undefined;
      do {
        const { revocations, next } = await source.inForce(after);
        for (const revocation of revocations) read.set(revocationKey(revocation), revocation.until);
        after = next ?? undefined;
      } while (after !== undefined);
      for (const revocation of this.#heardMeanwhile) this.#apply(read, revocation);
      this.#untilByKey = read;
      if (this.#failures > 0) log.info('revocations read again');
      this.#failures = 0;
      this.#known = true;
      this.#tellFirstRead();
      if (read.size > 0) this.#tell();
    } catch (err) {
      this.#failures += 1;
      if (this.#failures === 1) log.warn({ err }, 'revocations not read, trying again');
    } finally {
      this.#heardMeanwhile = [];
    }
  }
}
