import type { Clock } from '../clock.ts';

/** Leads from one version of the database to the next. What it throws leaves the database as it was. */
export type Upgrade = (database: IDBDatabase, transaction: IDBTransaction) => void;

export type IndexedDbOptions = {
  readonly name: string;
  /** The nth leads from version n to n + 1, so their number is the version: released ones stay as they are. */
  readonly upgrades: readonly Upgrade[];
  readonly clock: Clock;
  /** It was closed from outside: for another tab that has a newer version, or because the person removed the data. */
  readonly ended: () => void;
};

/** Some browsers never answer where they keep nothing. */
const patienceMs = 5_000;

/** Rejects where the browser allows none or does not answer, a newer version is there already, or another tab does not let go of an older one. */
export function openIndexedDb({ name, upgrades, clock, ended }: IndexedDbOptions): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = globalThis.indexedDB.open(name, upgrades.length);
    let given = false;
    const fail = (error: unknown) => {
      given = true;
      overdue.cancel();
      reject(error);
    };
    const overdue = clock.after(patienceMs, () => fail(new Error('the browser does not open its storage')));
    request.onupgradeneeded = ({ oldVersion }) => {
      const { result, transaction } = request;
      if (transaction) for (const upgrade of upgrades.slice(oldVersion)) upgrade(result, transaction);
    };
    request.onblocked = () => fail(new Error('another tab holds an older version of the storage'));
    request.onerror = () => fail(request.error);
    request.onsuccess = () => {
      const { result: database } = request;
      if (given) return database.close();
      overdue.cancel();
      database.onversionchange = () => {
        database.close();
        ended();
      };
      database.onclose = ended;
      resolve(database);
    };
  });
}

export function answerOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Resolves when it is on disk. Rejects when nothing of it happened: the storage is full, for one. */
export function doneOf(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error ?? new Error('the browser took it back'));
  });
}
