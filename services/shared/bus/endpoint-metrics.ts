import type { Metrics } from '#shared/runtime/metrics.ts';

export type Outcome = 'handled' | 'error' | 'skipped' | 'requeued';

/** Counts of one endpoint. `handled` is added up and passed on once per turn: it is counted for every message. */
export class EndpointMetrics {
  readonly #messages: (outcome: Outcome, count: number) => void;
  readonly #retries: () => void;
  readonly #withoutId: () => void;
  readonly #paused: (isPaused: boolean) => void;
  #handled = 0;
  #isDue = false;

  constructor(metrics: Metrics, queue: string) {
    const messages = metrics.counter('bus_messages_total', 'Messages settled, by outcome', ['queue', 'outcome']);
    const retries = metrics.counter('bus_message_retries_total', 'Attempts after a failed one', ['queue']);
    const withoutId = metrics.counter('bus_messages_without_id_total', 'Messages whose id had to be made', ['queue']);
    const paused = metrics.gauge('bus_endpoint_paused', '1 while a store outage pauses the endpoint', ['queue']);
    this.#paused = (isPaused) => paused.set({ queue }, isPaused ? 1 : 0);
    this.paused(false);
    this.#messages = (outcome, count) => messages.inc({ queue, outcome }, count);
    this.#retries = () => retries.inc({ queue });
    this.#withoutId = () => withoutId.inc({ queue });
  }

  handled(): void {
    this.#handled += 1;
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#messages('handled', this.#handled);
      this.#handled = 0;
    });
  }

  settled(outcome: Exclude<Outcome, 'handled'>): void {
    this.#messages(outcome, 1);
  }

  retried(): void {
    this.#retries();
  }

  madeId(): void {
    this.#withoutId();
  }

  paused(isPaused: boolean): void {
    this.#paused(isPaused);
  }
}
