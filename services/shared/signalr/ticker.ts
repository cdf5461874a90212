import type { Clock } from './clock.ts';

/** Something that looks at the time once per tick. */
export interface Ticking {
  tick(now: number): void;
}

/**
 * One timer for all connections. Time is counted in ticks, not read from the clock: after the process slept or was
 * blocked, clients whose bytes still wait in the kernel are not taken for dead.
 */
export class Ticker {
  readonly tickMs: number;
  readonly #clock: Clock;
  readonly #members = new Set<Ticking>();
  #now = 0;
  #timer: { cancel(): void } | undefined;

  /** Ticks ten times within `shortestMs`, at least once a second. */
  constructor(clock: Clock, shortestMs: number) {
    this.#clock = clock;
    this.tickMs = Math.max(5, Math.min(1000, shortestMs / 10));
  }

  /** Ticks since the start. */
  get now(): number {
    return this.#now;
  }

  /** So many ticks are at least `ms`. */
  ticks(ms: number): number {
    return Math.ceil(ms / this.tickMs);
  }

  add(member: Ticking): void {
    this.#members.add(member);
    this.#timer ??= this.#schedule();
  }

  remove(member: Ticking): void {
    this.#members.delete(member);
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#members.clear();
  }

  #schedule(): { cancel(): void } {
    return this.#clock.after(this.tickMs, () => {
      this.#now++;
      this.#timer = this.#members.size > 0 ? this.#schedule() : undefined;
      for (const member of this.#members) member.tick(this.#now);
    });
  }
}
