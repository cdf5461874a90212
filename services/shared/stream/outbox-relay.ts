import type { Clock } from '#shared/runtime/clock.ts';

/** What a relay needs of a store, by the rules of `outbox.ts`. Every call may fail with `unavailable` and be repeated. */
export interface OutboxStore<Row> {
  /**
   * Rows that are pending since before `pendingSince` and that nobody else has leased, in their latest state; they are
   * this caller's for `leaseMs`. Oldest first, at most `limit`.
   */
  leasePending(options: {
    readonly pendingSince: number;
    readonly leaseMs: number;
    readonly limit: number;
  }): Promise<readonly Row[]>;
  /** This state is on the bus; mends what else the row's write should have done, first. A row that has moved on stays pending. */
  published(row: Row): Promise<void>;
}

export type OutboxRelayOptions<Row> = {
  readonly store: OutboxStore<Row>;
  /** Resolves on the bus's confirm and not before. */
  readonly publish: (row: Row) => Promise<void>;
  readonly clock: Clock;
  /** A row that its writer could not get rid of. */
  readonly onFailure: (error: unknown) => void;
  /** What is younger is left to its writer. @default 5,000 */
  readonly graceMs?: number;
  /** @default 30,000 */
  readonly leaseMs?: number;
  /** Rows in one sweep. @default 100 */
  readonly limit?: number;
  /** Rows on their way at once; what is written beyond is left to the sweep. @default 1,000 */
  readonly maxInFlight?: number;
};

/** Brings pending rows to the bus: at once what is written here, by sweeps what others left behind. At least once, in no promised order. */
export class OutboxRelay<Row> {
  readonly #options: Required<OutboxRelayOptions<Row>>;
  readonly #inFlight = new Set<Promise<boolean>>();
  #sweeping: Promise<number> | undefined;
  #stopped = false;

  constructor(options: OutboxRelayOptions<Row>) {
    this.#options = {
      graceMs: 5_000,
      leaseMs: 30_000,
      limit: 100,
      maxInFlight: 1_000,
      ...options,
    };
  }

  /** After the store has answered for the row. Never throws and makes nobody wait: a failure is the sweep's. */
  written(row: Row): void {
    if (this.#stopped || this.#inFlight.size >= this.#options.maxInFlight) return;
    void this.#track(row);
  }

  /** Resolves to the number of rows that left the outbox. Calls that overlap share one sweep. */
  sweep(): Promise<number> {
    this.#sweeping ??= this.#sweepOnce().finally(() => {
      this.#sweeping = undefined;
    });
    return this.#sweeping;
  }

  /** Takes nothing more and finishes what is on its way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all([this.#sweeping, ...this.#inFlight]);
  }

  async #sweepOnce(): Promise<number> {
    const { store, clock, graceMs, leaseMs, limit, onFailure } = this.#options;
    try {
      const rows = await store.leasePending({ pendingSince: clock.now() - graceMs, leaseMs, limit });
      const gone = await Promise.all(rows.map((row) => this.#track(row)));
      return gone.filter(Boolean).length;
    } catch (error) {
      onFailure(error);
      return 0;
    }
  }

  #track(row: Row): Promise<boolean> {
    const relaying = this.#relay(row).finally(() => this.#inFlight.delete(relaying));
    this.#inFlight.add(relaying);
    return relaying;
  }

  async #relay(row: Row): Promise<boolean> {
    try {
      await this.#options.publish(row);
      await this.#options.store.published(row);
      return true;
    } catch (error) {
      this.#options.onFailure(error);
      return false;
    }
  }
}
