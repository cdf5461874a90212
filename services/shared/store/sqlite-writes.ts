import type { DatabaseSync } from 'node:sqlite';
import { PlatformError } from '#shared/contract/errors.ts';
import { backoffMs } from '#shared/runtime/backoff.ts';
import type { Head } from '#shared/stream/feed.ts';
import { isLocked, toPlatformError } from './sqlite-failure.ts';

/** One transaction. `heads`: of the streams that it has touched so far; nobody else writes meanwhile. */
export type Transaction = { readonly heads: Map<string, Head> };

type Write = {
  readonly apply: (transaction: Transaction) => unknown;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
};

export type SqliteWritesOptions = {
  /** How long a write waits for other processes of the same file before it fails. */
  readonly patienceMs: number;
  /** Writes in one transaction: what they take blocks the process. */
  readonly maxBatch: number;
};

/** All writes that wait go in one transaction, in the order of their calls; one that fails does not harm the others. */
export class SqliteWrites {
  readonly #database: DatabaseSync;
  readonly #options: SqliteWritesOptions;
  #waiting: Write[] = [];
  #flushing: Promise<void> | undefined;
  #closed = false;

  constructor(database: DatabaseSync, options: SqliteWritesOptions) {
    this.#database = database;
    this.#options = options;
  }

  run<T>(apply: (transaction: Transaction) => T): Promise<T> {
    if (this.#closed) return Promise.reject(new PlatformError('unavailable', 'the store is closed'));
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ apply, resolve: resolve as (result: unknown) => void, reject });
      this.#flushing ??= this.#flush();
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    do {
      // Whatever is called in this turn of the event loop shares the transaction.
      await new Promise<void>((resolve) => setImmediate(resolve));
      await this.#write(this.#waiting.splice(0, this.#options.maxBatch));
    } while (this.#waiting.length > 0);
    this.#flushing = undefined;
  }

  async #write(batch: readonly Write[]): Promise<void> {
    const deadline = performance.now() + this.#options.patienceMs;
    for (let attempt = 0; ; attempt += 1) {
      try {
        const results = this.#transact(batch);
        for (const [index, write] of batch.entries()) write.resolve(results[index]);
        return;
      } catch (error) {
        if (isLocked(error) && performance.now() < deadline) {
          await new Promise((resolve) => setTimeout(resolve, backoffMs(attempt, { baseMs: 2, capMs: 50 })));
          continue;
        }
        if (batch.length > 1 && !isLocked(error)) {
          for (const write of batch) await this.#write([write]);
          return;
        }
        for (const write of batch) write.reject(toPlatformError(error));
        return;
      }
    }
  }

  #transact(batch: readonly Write[]): unknown[] {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const transaction: Transaction = { heads: new Map() };
      const results = batch.map((write) => write.apply(transaction));
      this.#database.exec('COMMIT');
      return results;
    } catch (error) {
      // A full disk or a failed read has already ended the transaction.
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }
}
