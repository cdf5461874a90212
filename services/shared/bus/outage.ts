import { type Backoff, backoffMs } from '#shared/runtime/backoff.ts';
import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { EndpointJob } from './endpoint-job.ts';

export type OutageOptions = {
  readonly backoff: Backoff;
  readonly clock: Clock;
  /** Handles a job: the first one held, to find out, and all the others once it is over. */
  readonly run: (job: EndpointJob) => void;
  /** `cause` when it begins, undefined when it is over. */
  readonly onChange: (cause: unknown) => void;
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

  /** The store did not answer `job`. */
  begin(job: EndpointJob, cause: unknown): void {
    if (job === this.#probe) {
      this.#probe = undefined;
      this.#failures += 1;
    }
    this.hold(job);
    if (this.#isActive) return;
    this.#isActive = true;
    this.#options.onChange(cause);
  }

  /** The store answered `job`, with whatever. If that ends an outage the rest runs, in order. */
  answered(job: EndpointJob): void {
    if (!this.#isActive || job !== this.#probe) return;
    const held = this.#held.sort((a, b) => a.order - b.order);
    this.clear();
    for (const next of held) this.#options.run(next);
  }

  /** Forgets everything: what was held comes again. */
  clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#held = [];
    this.#probe = undefined;
    this.#failures = 0;
    if (!this.#isActive) return;
    this.#isActive = false;
    this.#options.onChange(undefined);
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
