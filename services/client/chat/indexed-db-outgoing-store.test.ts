import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { launchChromium } from '../../../test/dev-env/chromium.ts';
import { describeWithServer } from '../../../test/dev-env/with-server.ts';
import { eventually } from '../../../test/eventually.ts';
import type { page as inPage } from './indexed-db.fixture.ts';
import { describeOutgoingStore, outgoing } from './outgoing-store.contract.ts';
import type { OutgoingMessage, OutgoingStore } from './outgoing-store.ts';

declare const page: typeof inPage;

describeWithServer('chromium', 'messages in IndexedDB', () => {
  let browser: Browser & AsyncDisposable;
  let server: Server;
  let url: string;
  let context: BrowserContext;
  let database: string;

  beforeAll(async () => {
    const entry = join(import.meta.dirname, 'indexed-db.fixture.ts');
    const { outputFiles } = await build({ entryPoints: [entry], bundle: true, write: false, logLevel: 'silent' });
    const script = outputFiles[0]?.text ?? '';
    server = createServer(({ url: path }, response) => {
      // An origin of its own that nobody else has, where browsers allow no storage.
      if (path === '/sandboxed') response.setHeader('content-security-policy', 'sandbox allow-scripts');
      response.setHeader('content-type', 'text/html').end(`<script>${script}</script>`);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  beforeEach(async () => {
    context = await browser.newContext();
    database = `test-${randomUUID()}`;
  });

  afterEach(() => context.close());

  async function open(path = '/'): Promise<Page> {
    const tab = await context.newPage();
    await tab.goto(url + path);
    return tab;
  }

  /** The store of a page, from here. */
  function storeIn(tab: Page, user = 'alice', name = database): OutgoingStore & { clear(): Promise<void> } {
    const at = { user, name };
    return {
      all: () => tab.evaluate((of) => page.store(of.user, of.name).all(), at),
      put: (message) => tab.evaluate((of) => page.store(of.user, of.name).put(of.message), { ...at, message }),
      remove: (id) => tab.evaluate((of) => page.store(of.user, of.name).remove(of.id), { ...at, id }),
      clear: () => tab.evaluate((of) => page.store(of.user, of.name).clear(), at),
      close: () => void tab.evaluate((of) => page.store(of.user, of.name).close?.(), at),
    };
  }

  const reports = (tab: Page) => tab.evaluate(() => page.reports);
  const idsIn = async (store: OutgoingStore) => (await store.all()).map(({ clientMessageId }) => clientMessageId);

  describeOutgoingStore('in IndexedDB', () => {
    const store = open().then((tab) => storeIn(tab));
    return {
      all: async () => (await store).all(),
      put: async (message: OutgoingMessage) => (await store).put(message),
      remove: async (id: string) => (await store).remove(id),
    };
  });

  describeOutgoingStore('where the browser allows no storage', () => {
    const store = open('/sandboxed').then((tab) => storeIn(tab));
    return {
      all: async () => (await store).all(),
      put: async (message: OutgoingMessage) => (await store).put(message),
      remove: async (id: string) => (await store).remove(id),
    };
  });

  it('outlive a reload and the tab', async () => {
    const tab = await open();
    for (const id of ['b', 'a']) await storeIn(tab).put(outgoing(id));
    await tab.reload();
    expect(await storeIn(tab).all()).toEqual(['b', 'a'].map(outgoing));
    await tab.close();
    const next = await open();
    expect(await idsIn(storeIn(next))).toEqual(['b', 'a']);
    expect(await reports(next)).toEqual([]);
  });

  it('of two tabs at once are all there, each once', async () => {
    const [left, right] = [await open(), await open()];
    const ids = Array.from({ length: 20 }, (_, index) => `m-${index}`);
    await Promise.all(ids.flatMap((id) => [left, right].map((tab) => storeIn(tab).put(outgoing(id)))));
    for (const tab of [left, right]) expect((await idsIn(storeIn(tab))).toSorted()).toEqual(ids.toSorted());
    await storeIn(left).remove('m-3');
    expect(await idsIn(storeIn(right))).not.toContain('m-3');
  });

  it('are kept in memory, and that is reported once, where the browser allows no storage', async () => {
    const tab = await open('/sandboxed');
    for (const id of ['a', 'b']) await storeIn(tab).put(outgoing(id));
    expect(await idsIn(storeIn(tab))).toEqual(['a', 'b']);
    expect(await reports(tab)).toEqual([expect.stringMatching(/^messages that wait are not kept over a reload: ./)]);
  });

  it('are kept in memory while the storage is full, and on disk again when there is room', async () => {
    const [tab, beside] = [await open(), await open()];
    const devtools = await context.newCDPSession(tab);
    await devtools.send('Storage.overrideQuotaForOrigin', { origin: url, quotaSize: 100_000 });
    await storeIn(tab).put(outgoing('before'));
    const large = { ...outgoing('large'), content: 'x'.repeat(200_000) };
    await storeIn(tab).put(large);
    await storeIn(tab).put({ ...large, clientMessageId: 'larger' });
    expect(await idsIn(storeIn(tab))).toEqual(['before', 'large', 'larger']);
    expect(await idsIn(storeIn(beside))).toEqual(['before']);
    expect(await reports(tab)).toEqual(['messages that wait are not kept over a reload: the storage is full']);
    await devtools.send('Storage.overrideQuotaForOrigin', { origin: url });
    // The browser looks anew at how much room there is after a while.
    await eventually(async () => {
      await storeIn(tab).put(large);
      return String(await idsIn(storeIn(beside))) === 'before,large' ? undefined : 'not on disk';
    });
    expect(await idsIn(storeIn(tab))).toEqual(['before', 'large', 'larger']);
    expect(await reports(tab)).toHaveLength(1);
  });

  it('stay through an upgrade by a newer tab, which no older one hinders; that one keeps in memory from then on', async () => {
    const [older, newer] = [await open(), await open()];
    await storeIn(older).put(outgoing('old'));
    const upgraded = await newer.evaluate((name) => page.upgrade(name), database);
    expect(upgraded).toEqual({ version: 2, tables: ['another', 'outgoing'] });
    await storeIn(older).put(outgoing('new'));
    expect(await idsIn(storeIn(older))).toEqual(['new']);
    expect(await reports(older)).toHaveLength(1);
    const kept = await newer.evaluate(
      (name) =>
        new Promise<unknown[]>((resolve) => {
          indexedDB.open(name).onsuccess = ({ target }) => {
            const { result } = target as IDBOpenDBRequest;
            result.transaction('outgoing').objectStore('outgoing').getAll().onsuccess = (event) =>
              resolve((event.target as IDBRequest<unknown[]>).result);
          };
        }),
      database,
    );
    expect(kept).toMatchObject([{ clientMessageId: 'old' }]);
  });

  it('do not wait for a tab that holds an older version and does not let go', async () => {
    const [holder, newer] = [await open(), await open()];
    await storeIn(holder).put(outgoing('old'));
    await holder.evaluate((name) => page.hold(name), database);
    await expect(newer.evaluate((name) => page.upgrade(name), database)).rejects.toThrow('another tab holds');
    await holder.close();
    await eventually(async () => {
      const { version } = await newer.evaluate((name) => page.upgrade(name), database);
      return version === 2 ? undefined : `${version}`;
    });
  });

  it('are read anew after the person has removed the data of the site', async () => {
    const tab = await open();
    await storeIn(tab).put(outgoing('a'));
    const devtools = await context.newCDPSession(tab);
    await devtools.send('Storage.clearDataForOrigin', { origin: url, storageTypes: 'indexeddb' });
    await eventually(async () => {
      await storeIn(tab).put(outgoing('b'));
      return String(await idsIn(storeIn(tab))) === 'b' ? undefined : `${await idsIn(storeIn(tab))}`;
    });
    expect(await reports(tab)).toEqual([]);
  });

  it('are gone after sign-out', async () => {
    const tab = await open();
    await storeIn(tab).put(outgoing('a'));
    const alice = storeIn(tab);
    alice.close?.();
    await alice.clear();
    await tab.reload();
    expect(await idsIn(storeIn(tab))).toEqual([]);
  });

  it('are gone when another user signs in, unless theirs is signed in in another tab', async () => {
    const [alices, bobs] = [await open(), await open()];
    await storeIn(alices).put(outgoing('of alice'));
    await storeIn(bobs, 'bob').put(outgoing('of bob'));
    expect(await idsIn(storeIn(bobs, 'bob'))).toEqual(['of bob']);
    expect(await idsIn(storeIn(alices))).toEqual(['of alice']);
    await alices.reload();
    expect(await idsIn(storeIn(alices))).toEqual(['of alice']);
    await alices.close();
    await bobs.reload();
    expect(await idsIn(storeIn(bobs, 'bob'))).toEqual(['of bob']);
    const again = await open();
    expect(await idsIn(storeIn(again))).toEqual([]);
  });

  it('of a client that has ended do not keep another user from being the only one', async () => {
    const tab = await open();
    const alice = storeIn(tab);
    await alice.put(outgoing('of alice'));
    alice.close?.();
    await storeIn(tab, 'bob').put(outgoing('of bob'));
    expect(await idsIn(alice)).toEqual([]);
  });
});
