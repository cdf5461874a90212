import { type Db, MongoClient } from 'mongodb';
import { PlatformError } from '#shared/contract/errors.ts';
import { backoffMs } from '#shared/runtime/backoff.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { StartError } from '#shared/runtime/start-error.ts';
import { StaleHeadError } from '#shared/stream/feed.ts';
import { isClash, toPlatformError } from './mongo-failure.ts';

/** Thrown inside `attempt` to try again at once: somebody else was faster. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

export type MongoConnectionOptions = {
  /** `mongodb://` or `mongodb+srv://`, with user and password where needed. */
  readonly url: string;
  readonly database: string;
  /** As the server's log names us. */
  readonly appName: string;
  /** Before the first call; idempotent, by any number of processes at once. */
  readonly ensureIndexes: (database: Db) => Promise<void>;
  /** How long a call is tried again; an answer that hangs may make it twice as long. @default 5,000 */
  readonly patienceMs?: number;
  readonly log: Logger;
};

const defaultPatienceMs = 5_000;

/** One database, on the primary with majority concern, and calls that survive a short outage. */
export class MongoConnection {
  readonly db: Db;
  readonly #client: MongoClient;
  readonly #options: MongoConnectionOptions;
  #prepared: Promise<void> | undefined;
  #closed = false;

  /** Connects in the background. @throws StartError when the URL cannot be read */
  constructor(options: MongoConnectionOptions) {
    this.#options = options;
    this.#client = makeClient(options);
    this.db = this.#client.db(options.database);
    void this.#keepPreparing();
  }

  /**
   * Runs `call` until it succeeds; `call` is safe to repeat. A clash of keys or `Overtaken` is tried again soon, a failure
   * to reach the server for some seconds.
   *
   * @throws PlatformError `unavailable`, or `internal` for what the server refuses
   */
  async attempt<T>(call: (previous: { readonly uncertain: boolean }) => Promise<T>): Promise<T> {
    const deadline = performance.now() + (this.#options.patienceMs ?? defaultPatienceMs);
    let uncertain = false;
    for (let attempt = 0; ; attempt += 1) {
      if (this.#closed) throw new PlatformError('unavailable', 'the store is closed');
      try {
        await this.#prepare();
        return await call({ uncertain });
      } catch (error) {
        const overtaken = error instanceof Overtaken || error instanceof StaleHeadError || isClash(error);
        const failure = overtaken
          ? new PlatformError('unavailable', 'the stream is written by too many at once')
          : toPlatformError(error);
        if (failure.code !== 'unavailable' || performance.now() > deadline) throw failure;
        uncertain ||= !overtaken;
        await pause(backoffMs(attempt, overtaken ? { baseMs: 2, capMs: 50 } : { baseMs: 50, capMs: 1_000 }));
      }
    }
  }

  async ping(): Promise<void> {
    await this.attempt(() => this.db.command({ ping: 1 }));
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#client.close();
  }

  /** No write before the unique keys are there. */
  #prepare(): Promise<void> {
    this.#prepared ??= this.#connect().catch((error: unknown) => {
      this.#prepared = undefined;
      throw error;
    });
    return this.#prepared;
  }

  async #connect(): Promise<void> {
    // Explicitly: after a first connect that failed, calls that connect by themselves find a closed topology for ever.
    await this.#client.connect();
    await this.#options.ensureIndexes(this.db);
  }

  async #keepPreparing(): Promise<void> {
    for (let attempt = 0; !this.#closed; attempt += 1) {
      try {
        await this.#prepare();
        this.#options.log.info('store connected');
        return;
      } catch (error) {
        if (this.#closed) return;
        this.#options.log.warn({ reason: reasonOf(toPlatformError(error)) }, 'store not reached, trying again');
        await pause(backoffMs(attempt, { baseMs: 200, capMs: 5_000 }));
      }
    }
  }
}

function makeClient({ url, appName, patienceMs = defaultPatienceMs }: MongoConnectionOptions): MongoClient {
  try {
    return new MongoClient(url, {
      appName,
      retryWrites: true,
      retryReads: true,
      readPreference: 'primary',
      readConcern: { level: 'majority' },
      writeConcern: { w: 'majority', journal: true },
      serverSelectionTimeoutMS: 2_000,
      connectTimeoutMS: 3_000,
      socketTimeoutMS: patienceMs,
      waitQueueTimeoutMS: patienceMs,
      maxPoolSize: 32,
    });
  } catch {
    // The driver's text quotes the URL, password and all.
    throw new StartError('the MongoDB URL cannot be read: check its options and the escaping of its password');
  }
}

function reasonOf({ message, cause }: PlatformError): string {
  return cause instanceof Error ? cause.message : message;
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs);
  });
}
