import { type Collection, type Db, type Document, MongoClient } from 'mongodb';
import { PlatformError } from '#shared/contract/errors.ts';
import { collections } from '#shared/contract/names.ts';
import { backoffMs } from '#shared/runtime/backoff.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { StartError } from '#shared/runtime/start-error.ts';
import { emptyHead, type Head } from '#shared/stream/feed.ts';
import { isClash, toPlatformError } from './mongo-failure.ts';
import { ensureIndexes } from './mongo-indexes.ts';
import type { RowDocument } from './mongo-rows.ts';

export type StreamDocument = { readonly _id: string; readonly Floor: number };
export type MetaDocument = { readonly _id: string; readonly Value: string };

/** Thrown inside `attempt` to try again at once: somebody else was faster. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

export type MongoDatabaseOptions = { readonly url: string; readonly database: string; readonly log: Logger };

/** How long a call is tried again; an answer that hangs may make it twice as long. */
const patienceMs = 5_000;
const headElements = { Seq: 1, HeadNumber: 1 };

/** Our collections, on the primary with majority concern, and calls that survive a short outage. */
export class MongoDatabase {
  readonly rows: Collection<RowDocument>;
  readonly streams: Collection<StreamDocument>;
  readonly meta: Collection<MetaDocument>;
  /** Only ever read. */
  readonly sonixyNotifications: Collection<Document>;
  readonly #client: MongoClient;
  readonly #database: Db;
  readonly #log: Logger;
  #prepared: Promise<void> | undefined;
  #closed = false;

  /** Connects in the background. @throws StartError when the URL cannot be read */
  constructor({ url, database, log }: MongoDatabaseOptions) {
    this.#log = log;
    this.#client = makeClient(url);
    this.#database = this.#client.db(database);
    this.rows = this.#database.collection(collections.notificationRows);
    this.streams = this.#database.collection(collections.notificationStreams);
    this.meta = this.#database.collection(collections.notificationMeta);
    this.sonixyNotifications = this.#database.collection(collections.sonixyNotifications);
    void this.#keepPreparing();
  }

  /**
   * Runs `call` until it succeeds; `call` is safe to repeat. A clash of keys or `Overtaken` is tried again soon, a failure
   * to reach the server for some seconds.
   *
   * @throws PlatformError `unavailable`, or `internal` for what the server refuses
   */
  async attempt<T>(call: (previous: { readonly uncertain: boolean }) => Promise<T>): Promise<T> {
    const deadline = performance.now() + patienceMs;
    let uncertain = false;
    for (let attempt = 0; ; attempt += 1) {
      if (this.#closed) throw new PlatformError('unavailable', 'the notification store is closed');
      try {
        await this.#prepare();
        return await call({ uncertain });
      } catch (error) {
        const overtaken = error instanceof Overtaken || isClash(error);
        const failure = overtaken
          ? new PlatformError('unavailable', 'the stream is written by too many at once')
          : toPlatformError(error);
        if (failure.code !== 'unavailable' || performance.now() > deadline) throw failure;
        uncertain ||= !overtaken;
        await pause(backoffMs(attempt, overtaken ? { baseMs: 2, capMs: 50 } : { baseMs: 50, capMs: 1_000 }));
      }
    }
  }

  /** As writers and readers need it: they plan from it, and the unique keys tell them when it was old. */
  async head(recipient: string): Promise<Head> {
    const row = await this.rows.findOne({ RecipientId: recipient }, { sort: { Seq: -1 }, projection: headElements });
    return row ? { seq: row.Seq, number: row.HeadNumber } : emptyHead;
  }

  /** The stream's mark of read; 0 without one. */
  async readThrough(recipient: string): Promise<number> {
    const filter = { RecipientId: recipient, Number: 0 };
    return (await this.rows.findOne(filter, { projection: { ReadThrough: 1 } }))?.ReadThrough ?? 0;
  }

  async ping(): Promise<void> {
    await this.attempt(() => this.#database.command({ ping: 1 }));
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
    await ensureIndexes(this.#database);
  }

  async #keepPreparing(): Promise<void> {
    for (let attempt = 0; !this.#closed; attempt += 1) {
      try {
        await this.#prepare();
        this.#log.info('notification store connected');
        return;
      } catch (error) {
        if (this.#closed) return;
        this.#log.warn({ reason: reasonOf(toPlatformError(error)) }, 'notification store not reached, trying again');
        await pause(backoffMs(attempt, { baseMs: 200, capMs: 5_000 }));
      }
    }
  }
}

function makeClient(url: string): MongoClient {
  try {
    return new MongoClient(url, {
      appName: 'sonixy-notification',
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
