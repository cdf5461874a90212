import type { Clock } from './index.ts';

/** Time that stands still until it is told to move. Timers that fall due run once per move, in order. */
export class ManualClock implements Clock {
  #now = 1_795_000_000_000;
  #timers: { at: number; callback: () => void }[] = [];

  get pending(): number {
    return this.#timers.length;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, callback: () => void) {
    const timer = { at: this.#now + delayMs, callback };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((it) => it !== timer);
      },
    };
  }

  advance(ms: number): void {
    this.#now += ms;
    const due = this.#timers.filter((it) => it.at <= this.#now).sort((a, b) => a.at - b.at);
    this.#timers = this.#timers.filter((it) => it.at > this.#now);
    for (const { callback } of due) callback();
  }
}
