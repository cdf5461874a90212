import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { UserId } from '#shared/contract/ids.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { hasStored, startWriter as startWriterProcess, storedBy } from '#shared/store/writer-process.fixture.ts';
import type { Child } from '#test/dev-env/child.ts';
import { startMongoDev } from '#test/dev-env/mongodev.ts';
import type { Server } from '#test/dev-env/server.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { connectMongoNotificationStore } from './mongo-notification-store.ts';
import { newUser, notification } from './notification-store.fixture.ts';
import type { NotificationStore } from './notification-store.ts';
import { openSqliteNotificationStore } from './sqlite-notification-store.ts';

// Each starts several processes.
vi.setConfig({ testTimeout: 180_000 });

const log = createLogger({ name: 'test', level: 'silent' });
const database = 'sonixy_faults';

function startWriter(place: string, user: UserId, name: string): Promise<Child> {
  return startWriterProcess('services/notification/store/writer.fixture.ts', place, database, user, name);
}

async function expectWhole(store: NotificationStore, user: UserId, writers: readonly Child[]): Promise<void> {
  const rows = [];
  let feed = await store.changes(user, 0, 500);
  for (rows.push(...feed.rows); feed.through < feed.head.seq; rows.push(...feed.rows)) {
    feed = await store.changes(user, feed.through, 500);
  }
  const numbers = rows.map(({ number }) => number).sort((a, b) => a - b);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  expect(feed.head.number).toBe(numbers.length);
  for (const { key, number } of writers.flatMap(storedBy)) {
    const again = await store.append(notification(user, { messageId: key }));
    expect({ key, created: again.created, number: again.row.number }).toEqual({ key, created: false, number });
  }
}

/** Writers are killed in mid-write while another one goes on. */
async function survivesItsWriters(place: string, open: () => NotificationStore): Promise<void> {
  const user = newUser();
  const steady = await startWriter(place, user, 'steady');
  const killed: Child[] = [];
  for (let round = 0; round < 3; round += 1) {
    const victim = await startWriter(place, user, `victim${round}`);
    killed.push(victim);
    await eventually(hasStored(victim, 8));
    await victim.kill();
  }
  await eventually(hasStored(steady, storedBy(steady).length + 8));
  await steady.kill();
  const store = open();
  await expectWhole(store, user, [steady, ...killed]);
  await store.close();
}

describe('a SQLite file', () => {
  it('keeps what was answered and stays whole when its writers are killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sonixy-faults-'));
    const file = join(folder, 'rows.sqlite');
    await survivesItsWriters(file, () => openSqliteNotificationStore({ file, clock, log }));
    rmSync(folder, { recursive: true });
  });
});

describeWithServer('mongodev', 'a MongoDB store', () => {
  let server: Server;

  beforeAll(async () => {
    server = await startMongoDev();
  });

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  const connect = () => connectMongoNotificationStore({ url: server.url, database, clock, log });

  it('keeps what was answered and stays whole when its writers are killed', async () => {
    await survivesItsWriters(server.url, connect);
  });

  it('keeps what was answered and stays whole when the server is killed and comes back', async () => {
    const user = newUser();
    const writers = [await startWriter(server.url, user, 'one'), await startWriter(server.url, user, 'two')];
    for (let round = 0; round < 2; round += 1) {
      for (const writer of writers) await eventually(hasStored(writer, storedBy(writer).length + 8));
      await server.kill();
      await server.restart();
    }
    for (const writer of writers) {
      await eventually(hasStored(writer, storedBy(writer).length + 8), { timeoutMs: 40_000 });
      await writer.kill();
    }
    const store = connect();
    await expectWhole(store, user, writers);
    await store.close();
  });

  it('says unavailable within a bound while the server is away or frozen, and works again afterwards', async () => {
    const user = newUser();
    const store = connect();
    const { row } = await store.append(notification(user, { messageId: `before-${user}` }));
    for (const [leave, comeBack] of [
      [() => server.kill(), () => server.restart()],
      [async () => server.stopProcess(), async () => server.cont()],
    ] as const) {
      await leave();
      const calls = [
        store.append(notification(user)),
        store.append(notification(user)),
        store.readAll(user),
        store.change(user, row.id, 'read'),
        store.changes(user, 0, 10),
        store.ping(),
      ];
      for (const outcome of await Promise.allSettled(calls)) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'PlatformError', code: 'unavailable' } });
      }
      await comeBack();
      await eventually(() => store.ping().then(() => undefined));
    }
    expect(await store.append(notification(user, { messageId: `before-${user}` }))).toMatchObject({ created: false });
    expect((await store.append(notification(user))).created).toBe(true);
    await store.close();
  });

  it('can be asked before its server is there', async () => {
    await server.kill();
    const store = connect();
    const appending = store.append(notification(newUser()));
    await server.restart();
    expect((await appending).created).toBe(true);
    await store.close();
  });
});
