import { systemClock } from '../clock.ts';
import { openIndexedDb, type Upgrade } from '../storage/indexed-db.ts';
import { indexedDbOutgoingStore, upgrades } from './indexed-db-outgoing-store.ts';

/** What the test calls in its pages. */
const stores = new Map<string, ReturnType<typeof indexedDbOutgoingStore>>();

const another: Upgrade = (database) => database.createObjectStore('another');

export const page = {
  reports: [] as string[],
  store(user: string, database: string) {
    const key = `${user} ${database}`;
    let store = stores.get(key);
    if (!store) {
      store = indexedDbOutgoingStore({ user, database, report: ({ message }) => this.reports.push(message) });
      stores.set(key, store);
    }
    return store;
  },
  /** As a later release would. */
  async upgrade(name: string) {
    const ended = () => undefined;
    const database = await openIndexedDb({ name, upgrades: [...upgrades, another], clock: systemClock, ended });
    return { version: database.version, tables: [...database.objectStoreNames] };
  },
  /** Of no code of ours: it lets go of nothing. */
  hold(name: string) {
    return new Promise<void>((resolve) => {
      const request = indexedDB.open(name);
      request.onsuccess = () => resolve();
    });
  },
};

Object.assign(globalThis, { page });
