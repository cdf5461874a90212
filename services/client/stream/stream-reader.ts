import { type Backoff, backoffMs } from '../backoff.ts';
import type { Clock, Timer } from '../clock.ts';

export type StreamReaderOptions = {
  readonly clock: Clock;
  /** Whether something is missing that the server may still send by itself. */
  readonly misses: () => boolean;
  /** Whether a reading that is due by its own timer makes sense now. */
  readonly mayRead: () => boolean;
  /** Reads what is missing. */
  readonly read: () => Promise<void>;
  /** After each reading: undefined when it was good. A failed one is tried again unless this says that it is final. */
  readonly done: (error: unknown) => 'final' | undefined;
};

/** How long the hub may take to close a gap by itself. */
const gapPatienceMs = 400;
const readBackoff: Backoff = { baseMs: 1_000, capMs: 30_000 };

/** When to read: one reading at a time, after each gap that stays, and again after a failure. */
export class StreamReader {
  readonly #options: StreamReaderOptions;
  #timer: Timer | undefined;
  #reading: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #faults = 0;

  constructor(options: StreamReaderOptions) {
    this.#options = options;
  }

  /** Something came: reads after a while if there is a gap then. */
  noticed(): void {
    if (!this.#options.misses()) return;
    this.#timer ??= this.#options.clock.after(gapPatienceMs, () => {
      this.#timer = undefined;
      if (this.#options.mayRead() && this.#options.misses()) void this.read();
    });
  }

  /** Reads after a reading that is under way: that one may have begun before the subscription. One waits for all that ask meanwhile. */
  read(): Promise<void> {
    if (!this.#reading) return this.#begin();
    this.#next ??= this.#reading.then(() => {
      this.#next = undefined;
      return this.#begin();
    });
    return this.#next;
  }

  /** Forgets what is due; a reading that is under way ends by itself. */
  pause(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #begin(): Promise<void> {
    this.#reading = this.#options
      .read()
      .then(
        () => this.#settled(undefined),
        (error: unknown) => this.#settled(error),
      )
      .finally(() => {
        this.#reading = undefined;
      });
    return this.#reading;
  }

  #settled(error: unknown): void {
    const { clock, done, mayRead } = this.#options;
    if (done(error) === 'final' || error === undefined) {
      this.#faults = 0;
      return;
    }
    this.#timer ??= clock.after(backoffMs(this.#faults, readBackoff), () => {
      this.#timer = undefined;
      if (mayRead()) void this.read();
    });
    this.#faults += 1;
  }
}
