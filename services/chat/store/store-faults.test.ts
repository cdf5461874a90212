import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PlatformError } from '#shared/contract/errors.ts';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { hasStored, startWriter as startWriterProcess, storedBy } from '#shared/store/writer-process.fixture.ts';
import type { Child } from '#test/dev-env/child.ts';
import { startMongoDev } from '#test/dev-env/mongodev.ts';
import type { Server } from '#test/dev-env/server.ts';
import { startTcpProxy } from '#test/dev-env/tcp-proxy.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import type { ChatRow } from '../domain/message-row.ts';
import { message, newest, newGroup, readAll } from './chat-store.fixture.ts';
import type { ChatStore } from './chat-store.ts';
import { connectMongoChatStore } from './mongo-chat-store.ts';
import { openSqliteChatStore } from './sqlite-chat-store.ts';

// Each starts several processes.
vi.setConfig({ testTimeout: 180_000 });

const log = createLogger({ name: 'test', level: 'silent' });
const database = 'sonixy_faults';

type Group = Awaited<ReturnType<typeof newGroup>>;

function startWriter(place: string, { id, alice }: Group, name: string): Promise<Child> {
  return startWriterProcess('services/chat/store/writer.fixture.ts', place, database, id, alice, name);
}

/** What sweepers do, until nothing is left; who is published more than once does no harm. */
async function sweepAll(store: ChatStore): Promise<Set<string>> {
  const published = new Set<string>();
  await eventually(async () => {
    await store.finishMemberships({ begunBefore: (await store.now()) + 60_000, limit: 1_000 });
    const rows = await store.leasePending({ pendingSince: clock.now() + 60_000, leaseMs: 0, limit: 1_000 });
    await Promise.all(rows.map((row) => store.published(row)));
    for (const { id, seq } of rows) published.add(`${id} ${seq}`);
    return rows.length === 0 ? undefined : `${rows.length} rows were pending`;
  });
  return published;
}

function membersTold(rows: readonly ChatRow[], first: readonly UserId[]): UserId[] {
  const members = new Set(first);
  for (const row of rows.toSorted((a, b) => a.number - b.number)) {
    if (row.kind !== 'message' || !row.system) continue;
    if (row.system.action === 'left') expect(members.delete(row.senderId)).toBe(true);
    if (row.system.action === 'removed') for (const user of row.system.userIds) expect(members.delete(user)).toBe(true);
    if (row.system.action !== 'added') continue;
    for (const user of row.system.userIds) {
      expect(members.has(user)).toBe(false);
      members.add(user);
    }
  }
  return [...members].toSorted();
}

async function expectWhole(store: ChatStore, group: Group, writers: readonly Child[]): Promise<void> {
  const { id, alice, users } = group;
  const unpublished = await readAll(store, id);
  const published = await sweepAll(store);
  const rows = await readAll(store, id);
  for (const { id: rowId, seq } of unpublished) expect(published).toContain(`${rowId} ${seq}`);
  const numbers = rows.map(({ number }) => number).toSorted((a, b) => a - b);
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  const [head] = await store.heads([id]);
  expect(head).toMatchObject({ seq: rows.at(-1)?.seq, number: numbers.length, members: rows.at(-1)?.members });
  const view = await store.view(id, alice);
  const last = (await store.list(id, newest))[0];
  expect(view?.conversation).toMatchObject({ head, lastMessageAt: last?.createdAt, last: { content: last?.content } });
  const members = (await store.members(id, { after: undefined, limit: 1_000 })).map(({ userId }) => userId).toSorted();
  expect(members).toEqual(membersTold(rows, users));
  expect(view?.conversation.memberCount).toBe(members.length);
  for (const { key, number } of writers.flatMap(storedBy)) {
    const again = await store.send(message(id, alice, { clientMessageId: key }));
    expect({ key, created: again.created, number: again.row.number }).toEqual({ key, created: false, number });
  }
}

/** As a caller repeats it: every call is safe to repeat. */
async function answered<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof PlatformError) || error.code !== 'unavailable') throw error;
    }
  }
}

/** Writers are killed in mid-write while another one goes on. */
async function survivesItsWriters(place: string, open: () => ChatStore): Promise<void> {
  const store = open();
  const group = await newGroup(store);
  const steady = await startWriter(place, group, 'steady');
  const killed: Child[] = [];
  for (let round = 0; round < 4; round += 1) {
    const victim = await startWriter(place, group, `victim${round}`);
    killed.push(victim);
    await eventually(hasStored(victim, 5 + 3 * round));
    await victim.kill();
  }
  await eventually(hasStored(steady, storedBy(steady).length + 8));
  await steady.kill();
  await expectWhole(store, group, [steady, ...killed]);
  await store.close();
}

describe('a SQLite file of chat', () => {
  it('keeps what was answered and stays whole when its writers are killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'sonixy-faults-'));
    const file = join(folder, 'chat.sqlite');
    await survivesItsWriters(file, () => openSqliteChatStore({ file, clock, log }));
    rmSync(folder, { recursive: true });
  });
});

describeWithServer('mongodev', 'a MongoDB store of chat', () => {
  let server: Server;

  beforeAll(async () => {
    server = await startMongoDev();
  });

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });

  const connect = () => connectMongoChatStore({ url: server.url, database, clock, log });

  it('keeps what was answered and stays whole when its writers are killed', async () => {
    await survivesItsWriters(server.url, connect);
  });

  it('keeps what was answered and stays whole when the server is killed and comes back', async () => {
    const store = connect();
    const group = await newGroup(store);
    const writers = [await startWriter(server.url, group, 'one'), await startWriter(server.url, group, 'two')];
    for (let round = 0; round < 2; round += 1) {
      for (const writer of writers) await eventually(hasStored(writer, storedBy(writer).length + 8));
      await server.kill();
      await server.restart();
    }
    for (const writer of writers) {
      await eventually(hasStored(writer, storedBy(writer).length + 8), { timeoutMs: 40_000 });
      await writer.kill();
    }
    await expectWhole(store, group, writers);
    await store.close();
  });

  it('does everything once when its answers are lost on the way, in the middle of any frame', async () => {
    await using proxy = await startTcpProxy({ port: server.port });
    const store = connectMongoChatStore({ url: proxy.through(server.url), database, clock, log });
    const direct = connect();
    const group = await newGroup(direct);
    const { id, alice, bob } = group;
    const keys: string[] = [];
    for (const cutAfterBytes of [3_000, 4_500, 9_000]) {
      proxy.setFaults('toClient', { cutAfterBytes, cutBy: 'reset' });
      for (let index = 0; index < 4; index += 1) {
        const clientMessageId = `${cutAfterBytes}-${index}`;
        keys.push(clientMessageId);
        const { row } = await answered(() => store.send(message(id, alice, { clientMessageId })));
        await answered(() => store.edit(row.id, `edited ${index}`));
        await answered(() => (index % 2 ? store.addMembers(id, alice, [bob]) : store.removeMember(id, alice, bob)));
      }
    }
    expect(proxy.accepted).toBeGreaterThan(10);
    proxy.setFaults('toClient', {});
    await store.close();
    await expectWhole(direct, group, []);
    const rows = await readAll(direct, id);
    const sent = rows.flatMap((row) => (row.kind === 'message' && !row.system ? [row.clientMessageId] : []));
    expect(sent).toEqual(keys);
    // One change of each kind took one seq.
    expect(rows.filter((row) => row.kind === 'message' && row.system)).toHaveLength(1 + keys.length);
    expect((await direct.heads([id]))[0]?.seq).toBe(1 + 3 * keys.length);
    await direct.close();
  });

  it('says unavailable within a bound while the server is away or frozen, and works again afterwards', async () => {
    const store = connect();
    const { id, alice, bob } = await newGroup(store);
    const asked = message(id, alice, { clientMessageId: 'before' });
    const { row } = await store.send(asked);
    for (const [leave, comeBack] of [
      [() => server.kill(), () => server.restart()],
      [async () => server.stopProcess(), async () => server.cont()],
    ] as const) {
      await leave();
      const calls = [
        store.send(message(id, alice)),
        store.send(message(id, alice)),
        store.edit(row.id, 'edited'),
        store.addMembers(id, alice, ['nobody' as UserId]),
        store.createConversation({ type: 'private', creator: alice, others: [bob], name: null }),
        store.view(id, alice),
        store.views(alice, { before: undefined, limit: 10 }),
        store.changes(id, 0, 10),
        store.published(row),
        store.leasePending({ pendingSince: clock.now(), leaseMs: 1, limit: 10 }),
        store.now(),
        store.ping(),
      ];
      for (const outcome of await Promise.allSettled(calls)) {
        expect(outcome).toMatchObject({ status: 'rejected', reason: { name: 'PlatformError', code: 'unavailable' } });
      }
      await comeBack();
      await eventually(() => store.ping().then(() => undefined));
    }
    expect(await store.send(asked)).toMatchObject({ created: false, row: { id: row.id } });
    expect((await store.send(message(id, alice))).created).toBe(true);
    await store.close();
  });

  it('can be asked before its server is there', async () => {
    await server.kill();
    const store = connect();
    const making = newGroup(store);
    await server.restart();
    const { id } = await making;
    expect(await store.heads([id as ConversationId])).toMatchObject([{ seq: 1 }]);
    await store.close();
  });
});
