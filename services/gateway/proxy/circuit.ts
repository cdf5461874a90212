import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  circuitBreaker,
  handleWhen,
} from 'cockatiel';
import { RetryLater } from '#shared/http/retry-later.ts';
import { ClientGone, UpstreamFailure } from './upstream-failure.ts';

export type CircuitOptions = {
  /** In a row. */
  readonly failures: number;
  readonly openMs: number;
  readonly onChange: (open: boolean) => void;
};

/** Spares a service that does not answer, and its callers the wait. */
export class Circuit {
  readonly #policy: CircuitBreakerPolicy;
  readonly #openMs: number;

  constructor({ failures, openMs, onChange }: CircuitOptions) {
    this.#openMs = openMs;
    this.#policy = circuitBreaker(
      handleWhen((error) => this.#counts(error)),
      { breaker: new ConsecutiveBreaker(failures), halfOpenAfter: openMs },
    );
    this.#policy.onBreak(() => onChange(true));
    this.#policy.onReset(() => onChange(false));
  }

  get open(): boolean {
    return this.#policy.state !== CircuitState.Closed;
  }

  /**
   * Calls `attempt`, whose `UpstreamFailure`s count. After too many in a row nobody asks for `openMs`, then one asks for all,
   * which none may that a service holds for long before it answers.
   *
   * @throws RetryLater `unavailable`, unasked, while the circuit is open
   */
  async run<T>(attempt: () => Promise<T>, { heldForLong = false }: { heldForLong?: boolean } = {}): Promise<T> {
    // The library would let the others wait for the one that tries, however long that takes.
    if (this.#policy.state === CircuitState.HalfOpen || (heldForLong && this.open)) throw this.#refusal();
    try {
      return await this.#policy.execute(attempt);
    } catch (error) {
      if (error instanceof BrokenCircuitError) throw this.#refusal();
      throw error;
    }
  }

  #counts(error: unknown): boolean {
    // The one that tries for all must get an answer to close it.
    if (this.open) return error instanceof UpstreamFailure || error instanceof ClientGone;
    return error instanceof UpstreamFailure && error.countsForCircuit;
  }

  #refusal(): RetryLater {
    const retryAfterSeconds = Math.max(1, Math.ceil(this.#openMs / 1_000));
    return new RetryLater('unavailable', 'the circuit is open', { retryAfterSeconds });
  }
}
