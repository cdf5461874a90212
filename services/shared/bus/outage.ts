import { type Backoff, backoffMs } from '#shared/runtime/backoff.ts';
import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { EndpointJob } from './endpoint-job.ts';

export type OutageOptions = {
  readonly backoff: Backoff;
  readonly clock: Clock;
  /** Handles a job: the first one held, to find out, and all the others once it is over. */
  readonly run: (job: EndpointJob) => void;
};

/** While a store is away: what is in hand waits here in its order, and one message at a time asks whether it is back. */
export class Outage {
  readonly #options: OutageOptions;
  #held: EndpointJob[] = [];
  #probe: EndpointJob | undefined;
  #failures = 0;
  #timer: Timer | undefined;
  #isActive = false;

  constructor(options: OutageOptions) {
    this.#options = options;
  }

  get isActive(): boolean {
    return this.#isActive;
  }

  /** Whether `job` must wait instead of running now. */
  holdsBack(job: EndpointJob): boolean {
    return this.#isActive && job !== this.#probe;
  }

  hold(job: EndpointJob): void {
    // Lost ones come again as others; keeping both would grow without bound.
    this.#held = this.#held.filter((held) => !held.delivery.isLost);
    this.#held.push(job);
    this.#schedule();
  }

  /** The store did not answer `job`. Returns whether that is news. */
  begin(job: EndpointJob): boolean {
    const isNews = !this.#isActive;
    this.#isActive = true;
    if (job === this.#probe) {
      this.#probe = undefined;
      this.#failures += 1;
    }
    this.hold(job);
    return isNews;
  }

  /** The store answered `job`, with whatever. Returns whether that ended an outage; the rest then runs in order. */
  answered(job: EndpointJob): boolean {
    if (!this.#isActive || job !== this.#probe) return false;
    const { held } = this.clear();
    for (const next of held.sort((a, b) => a.order - b.order)) this.#options.run(next);
    return true;
  }

  /** Forgets everything; what was held is the caller's. */
  clear(): { held: EndpointJob[] } {
    const held = this.#held;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#held = [];
    this.#probe = undefined;
    this.#failures = 0;
    this.#isActive = false;
    return { held };
  }

  #schedule(): void {
    if (this.#timer || this.#probe) return;
    const { clock, backoff } = this.#options;
    this.#timer = clock.after(backoffMs(this.#failures, backoff), () => {
      this.#timer = undefined;
      this.#ask();
    });
  }

  #ask(): void {
    this.#held = this.#held.filter(({ delivery }) => !delivery.isLost).sort((a, b) => a.order - b.order);
    const [first, ...rest] = this.#held;
    if (!first) {
      // Nothing to ask with: the next delivery finds out.
      this.clear();
      return;
    }
    this.#held = rest;
    this.#probe = first;
    this.#options.run(first);
  }
}
