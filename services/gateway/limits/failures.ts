import type { Clock } from '#shared/runtime/clock.ts';
import type { Counted } from './rates.ts';

const maxRemembered = 10_000;

/** Addresses that were refused too often. */
export class Failures {
  readonly #countOne: (address: string) => Promise<Counted>;
  readonly #clock: Clock;
  /** Until when, oldest first. What is forgotten is learnt again from the counters. */
  readonly #over = new Map<string, number>();

  constructor(countOne: (address: string) => Promise<Counted>, clock: Clock) {
    this.#countOne = countOne;
    this.#clock = clock;
  }

  /** Counts one more. The time for which the address is over the limit now, in ms; 0 while it is not. */
  async count(address: string): Promise<number> {
    const known = this.overFor(address);
    if (known > 0) return known;
    const { verdict } = await this.#countOne(address);
    if (verdict.allowed) return 0;
    this.#over.delete(address);
    this.#over.set(address, this.#clock.now() + verdict.resetMs);
    if (this.#over.size > maxRemembered) this.#over.delete(this.#over.keys().next().value ?? '');
    return verdict.resetMs;
  }

  /** As far as this gateway knows, which asks nobody. */
  overFor(address: string): number {
    return Math.max(0, (this.#over.get(address) ?? 0) - this.#clock.now());
  }
}
