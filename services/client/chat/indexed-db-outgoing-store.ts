import { type Clock, systemClock } from '../clock.ts';
import { answerOf, doneOf, openIndexedDb, type Upgrade } from '../storage/indexed-db.ts';
import { SignedInLock } from '../storage/signed-in-lock.ts';
import { isOutgoingMessage, memoryOutgoingStore, type OutgoingMessage, type OutgoingStore } from './outgoing-store.ts';

export type IndexedDbOutgoingOptions = {
  /** Whose messages. Those of users who are signed in in no tab are deleted. */
  readonly user: string;
  /** Called once, when the browser keeps nothing, or not everything: from then on messages are kept in memory. */
  readonly report?: (error: NotKeptError) => void;
  /** @default 'sonixy.client' */
  readonly database?: string;
  /** @default the system's */
  readonly clock?: Clock;
};

/** Messages that wait are lost with the page: `cause` says why the browser does not keep them. */
export class NotKeptError extends Error {
  override readonly name = 'NotKeptError';

  /** The storage has no room; else the browser keeps nothing here. */
  readonly full: boolean;

  constructor(cause: unknown) {
    const full = cause instanceof DOMException && cause.name === 'QuotaExceededError';
    super(`messages that wait are not kept over a reload: ${full ? 'the storage is full' : textOf(cause)}`, { cause });
    this.full = full;
  }
}

type Entry = { readonly user: string; readonly clientMessageId: string; readonly message: OutgoingMessage };

const table = 'outgoing';

export const upgrades: readonly Upgrade[] = [
  (database) => {
    const store = database.createObjectStore(table, { autoIncrement: true });
    store.createIndex('user', 'user');
    store.createIndex('message', ['user', 'clientMessageId'], { unique: true });
  },
];

/**
 * In the browser's IndexedDB, in plain text until they are acknowledged: call `clear` when the person signs out. Tabs may
 * share it. Nothing rejects: what the browser does not take is kept in memory.
 */
export function indexedDbOutgoingStore(options: IndexedDbOutgoingOptions): OutgoingStore & { clear(): Promise<void> } {
  return new IndexedDbOutgoingStore(options);
}

class IndexedDbOutgoingStore implements OutgoingStore {
  readonly #options: IndexedDbOutgoingOptions;
  readonly #memory = memoryOutgoingStore();
  readonly #lock = new SignedInLock();
  #database: Promise<IDBDatabase> | undefined;
  #givenUp = false;
  #reported = false;
  #closed = false;

  constructor(options: IndexedDbOutgoingOptions) {
    this.#options = options;
  }

  async all(): Promise<readonly OutgoingMessage[]> {
    const { user } = this.#options;
    const entries = await this.#attempt<Entry[]>('readonly', (store) => answerOf(store.index('user').getAll(user)));
    const kept = (entries ?? []).map(({ message }) => message).filter(isOutgoingMessage);
    return [...kept, ...(await this.#memory.all())];
  }

  async put(message: OutgoingMessage): Promise<void> {
    const { user } = this.#options;
    const { clientMessageId } = message;
    const kept = await this.#attempt('readwrite', async (store) => {
      const known = await answerOf(store.index('message').getKey([user, clientMessageId]));
      if (known === undefined) store.add({ user, clientMessageId, message } satisfies Entry);
      return true;
    });
    await (kept ? this.#memory.remove(clientMessageId) : this.#memory.put(message));
  }

  async remove(clientMessageId: string): Promise<void> {
    await this.#memory.remove(clientMessageId);
    await this.#attempt('readwrite', async (store) => {
      const known = await answerOf(store.index('message').getKey([this.#options.user, clientMessageId]));
      if (known !== undefined) store.delete(known);
    });
  }

  /** Deletes whatever this user has left here. */
  async clear(): Promise<void> {
    for (const { clientMessageId } of await this.#memory.all()) await this.#memory.remove(clientMessageId);
    await this.#attempt('readwrite', (store) => removeAll(store, this.#options.user));
  }

  /** What is called later opens it anew for as long as it takes. */
  close(): void {
    this.#closed = true;
    this.#letGo();
    this.#lock.end();
  }

  async #attempt<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => Promise<T>): Promise<T | undefined> {
    if (this.#givenUp) return undefined;
    try {
      const transaction = await this.#begin(mode);
      const done = doneOf(transaction);
      // Where `act` fails, that says why.
      done.catch(() => undefined);
      const value = await act(transaction.objectStore(table));
      await done;
      return value;
    } catch (error) {
      this.#report(error);
      return undefined;
    } finally {
      if (this.#closed) this.#letGo();
    }
  }

  async #begin(mode: IDBTransactionMode): Promise<IDBTransaction> {
    const begin = (database: IDBDatabase) => database.transaction(table, mode, { durability: 'strict' });
    try {
      return begin(await this.#opened());
    } catch (error) {
      if (!(error instanceof DOMException && error.name === 'InvalidStateError') || this.#givenUp) throw error;
      // It was closed from outside in this very moment.
      this.#database = undefined;
      return begin(await this.#opened());
    }
  }

  #opened(): Promise<IDBDatabase> {
    this.#database ??= this.#open().catch((error: unknown) => {
      this.#givenUp = true;
      throw error;
    });
    return this.#database;
  }

  async #open(): Promise<IDBDatabase> {
    const { user, database: name = 'sonixy.client', clock = systemClock } = this.#options;
    if (!this.#closed) await this.#lock.hold(user);
    const ended = () => {
      this.#database = undefined;
    };
    const database = await openIndexedDb({ name, upgrades, clock, ended });
    // What cannot be deleted now is deleted next time.
    await this.#forgetOthers(database).catch(() => undefined);
    return database;
  }

  async #forgetOthers(database: IDBDatabase): Promise<void> {
    const entries = database.transaction(table).objectStore(table);
    const users = new Set((await answerOf<Entry[]>(entries.getAll())).map(({ user }) => user));
    users.delete(this.#options.user);
    for (const user of users) {
      await this.#lock.unlessSignedIn(user, async () => {
        const transaction = database.transaction(table, 'readwrite');
        const done = doneOf(transaction);
        await removeAll(transaction.objectStore(table), user);
        await done;
      });
    }
  }

  #letGo(): void {
    this.#database?.then((database) => database.close()).catch(() => undefined);
    this.#database = undefined;
  }

  #report(cause: unknown): void {
    if (this.#reported) return;
    this.#reported = true;
    this.#options.report?.(new NotKeptError(cause));
  }
}

async function removeAll(store: IDBObjectStore, user: string): Promise<void> {
  for (const key of await answerOf(store.index('user').getAllKeys(user))) store.delete(key);
}

function textOf(cause: unknown): string {
  return cause instanceof Error && cause.message !== '' ? cause.message : 'the browser allows no storage';
}
