import { backoffMs } from '#shared/runtime/backoff.ts';
import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';

export type BatchReaderOptions<Item> = {
  readonly what: string;
  readonly maxBatch: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** Reads for all of them with one call and applies the answer. */
  readonly read: (items: readonly Item[]) => Promise<void>;
  readonly onFailure: () => void;
};

/** Collects who wants something read, reads in bounded batches one after the other, and keeps trying while the service is down. */
export class BatchReader<Item> {
  readonly #options: BatchReaderOptions<Item>;
  #wanted = new Set<Item>();
  #running = false;
  #failures = 0;
  #retry: Timer | undefined;
  #closed = false;

  constructor(options: BatchReaderOptions<Item>) {
    this.#options = options;
  }

  get failing(): boolean {
    return this.#failures > 0;
  }

  /** A read that has begun does not count: the next one is made for it. */
  want(item: Item): void {
    if (this.#closed) return;
    this.#wanted.add(item);
    if (this.#running) return;
    this.#running = true;
    setImmediate(() => void this.#run());
  }

  forget(item: Item): void {
    this.#wanted.delete(item);
  }

  close(): void {
    this.#closed = true;
    this.#wanted.clear();
    this.#retry?.cancel();
  }

  async #run(): Promise<void> {
    while (this.#wanted.size > 0 && !this.#closed) {
      const batch = this.#take();
      try {
        await this.#options.read(batch);
      } catch (error) {
        for (const item of batch) this.#wanted.add(item);
        this.#pause(error);
        return;
      }
      if (this.#failures > 0) this.#options.log.info({ what: this.#options.what }, 'the service answers again');
      this.#failures = 0;
    }
    this.#running = false;
  }

  #take(): Item[] {
    const batch: Item[] = [];
    for (const item of this.#wanted) {
      if (batch.length === this.#options.maxBatch) break;
      batch.push(item);
      this.#wanted.delete(item);
    }
    return batch;
  }

  #pause(error: unknown): void {
    const { clock, log, what, onFailure } = this.#options;
    if (this.#closed) return;
    if (this.#failures === 0) log.warn({ what, err: error }, 'the service does not answer, trying again');
    onFailure();
    const delayMs = backoffMs(this.#failures, { baseMs: 100, capMs: 2_000 });
    this.#failures += 1;
    this.#retry = clock.after(delayMs, () => void this.#run());
  }
}
