import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { HubLimits } from './hub-limits.ts';

export type AdmissionAnswer = { readonly ok: true } | { readonly ok: false; readonly retryAfterSeconds: number };

export type AdmissionOptions = {
  readonly clock: Clock;
  readonly random: () => number;
  readonly limits: Pick<HubLimits, 'maxConnections' | 'connectsPerSecond' | 'admissionWaitMs' | 'reservationMs'>;
  readonly onRefusal: () => void;
};

type Waiter = { readonly answer: (answer: AdmissionAnswer) => void; readonly timeout: Timer };

/**
 * Who may begin to connect (decision 14). A place is kept for a while for each client that was let in; whoever finds
 * none, or comes too fast after the others, waits in line, since a stock client's first start is never retried.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  #connections = 0;
  /** When the kept places run out, oldest first. */
  #reservations: number[] = [];
  #waiters = new Set<Waiter>();
  #tokens: number;
  #tokensAt: number;
  #wake: Timer | undefined;
  #closed = false;

  constructor(options: AdmissionOptions) {
    this.#options = options;
    this.#tokens = options.limits.connectsPerSecond;
    this.#tokensAt = options.clock.now();
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /** False when this connection, negotiated with another worker, is one too many. */
  connected(): boolean {
    this.#expireReservations();
    this.#connections += 1;
    return this.#reservations.shift() !== undefined || this.#connections <= this.#options.limits.maxConnections;
  }

  disconnected(): void {
    this.#connections -= 1;
    this.#serveWaiters();
  }

  admit(): Promise<AdmissionAnswer> {
    if (this.#closed) return Promise.resolve(this.#refusal());
    return new Promise((answer) => {
      const waiter: Waiter = {
        answer,
        timeout: this.#options.clock.after(this.#options.limits.admissionWaitMs, () => {
          this.#waiters.delete(waiter);
          answer(this.#refusal());
        }),
      };
      this.#waiters.add(waiter);
      this.#serveWaiters();
    });
  }

  /** Sends everybody away from now on. */
  close(): void {
    this.#closed = true;
    this.#wake?.cancel();
    for (const { timeout, answer } of this.#waiters) {
      timeout.cancel();
      answer(this.#refusal());
    }
    this.#waiters.clear();
  }

  #serveWaiters(): void {
    const { clock, limits } = this.#options;
    this.#expireReservations();
    this.#refillTokens();
    for (const waiter of this.#waiters) {
      if (this.#connections + this.#reservations.length >= limits.maxConnections || this.#tokens < 1) break;
      this.#tokens -= 1;
      this.#reservations.push(clock.now() + limits.reservationMs);
      this.#waiters.delete(waiter);
      waiter.timeout.cancel();
      waiter.answer({ ok: true });
    }
    this.#wake?.cancel();
    this.#wake = undefined;
    if (this.#waiters.size === 0) return;
    const untilToken =
      this.#tokens < 1 ? ((1 - this.#tokens) * 1_000) / limits.connectsPerSecond : Number.POSITIVE_INFINITY;
    const untilPlace = (this.#reservations[0] ?? Number.POSITIVE_INFINITY) - clock.now();
    const delayMs = Math.max(1, Math.ceil(Math.min(untilToken, untilPlace)));
    if (Number.isFinite(delayMs)) this.#wake = clock.after(delayMs, () => this.#serveWaiters());
  }

  #expireReservations(): void {
    const now = this.#options.clock.now();
    while (this.#reservations[0] !== undefined && this.#reservations[0] <= now) this.#reservations.shift();
  }

  #refillTokens(): void {
    const { clock, limits } = this.#options;
    const now = clock.now();
    const earned = ((now - this.#tokensAt) / 1_000) * limits.connectsPerSecond;
    this.#tokens = Math.min(limits.connectsPerSecond, this.#tokens + earned);
    this.#tokensAt = now;
  }

  #refusal(): AdmissionAnswer {
    this.#options.onRefusal();
    return { ok: false, retryAfterSeconds: 1 + Math.floor(this.#options.random() * 5) };
  }
}
