import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserId } from '#shared/contract/ids.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { bareEnvironment } from '#test/dev-env/bare-environment.ts';
import { type Child, spawnChild } from '#test/dev-env/child.ts';
import { startMongoDev } from '#test/dev-env/mongodev.ts';
import type { Server } from '#test/dev-env/server.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { connectMongoNotificationStore } from './mongo-notification-store.ts';
import { newUser, notification } from './notification-store.fixture.ts';
import type { NotificationStore } from './notification-store.ts';
import { openSqliteNotificationStore } from './sqlite-notification-store.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const database = 'sonixy_faults';

function startWriter(place: string, user: UserId, name: string): Promise<Child> {
  return spawnChild({
    command: process.execPath,
    args: ['services/notification/store/writer.fixture.ts', place, database, user, name],
    env: bareEnvironment(),
    cwd: resolve(import.meta.dirname, '../../..'),
  });
}

/** `stored <message> <number>` lines that are whole. */
function storedBy(writer: Child): { message: string; number: number }[] {
  const lines = writer.output().split('\n').slice(0, -1);
  return lines
    .filter((line) => line.startsWith('stored '))
    .map((line) => ({ message: line.split(' ')[1] ?? '', number: Number(line.split(' ')[2]) }));
}

const hasStored = (writer: Child, count: number) => async () => {
  if (!writer.running) throw new Error(`the writer ended: ${writer.output()}`);
  const stored = storedBy(writer).length;
  return stored >= count ? undefined : `${stored} of ${count} stored`;
};

async function expectWhole(store: NotificationStore, user: UserId, writers: readonly Child[]): Promise<void> {
  const rows = [];
  let feed = await store.changes(user, 0, 500);
  for (rows.push(...feed.rows); feed.through < feed.head.seq; rows.push(...feed.rows)) {
    feed = await store.changes(user, feed.through, 500);
  }
  const numbers = rows.map(({ number }) => number).sort((a, b) => a - b);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  expect(feed.head.number).toBe(numbers.length);
  for (const { message, number } of writers.flatMap(storedBy)) {
    const again = await store.append(notification(user, { messageId: message }));
    expect({ message, created: again.created, number: again.row.number }).toEqual({ message, created: false, number });
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
