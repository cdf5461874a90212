import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { type Document, MongoClient, ObjectId } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UserId } from '#shared/contract/ids.ts';
import { collections } from '#shared/contract/names.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { bareEnvironment } from '#test/dev-env/bare-environment.ts';
import { type Child, spawnChild } from '#test/dev-env/child.ts';
import { describeOnServers } from '#test/dev-env/contract-servers.ts';
import { eventually } from '#test/eventually.ts';
import { connectMongoNotificationStore } from './mongo-notification-store.ts';
import type { NotificationStore } from './notification-store.ts';

const log = createLogger({ name: 'test', level: 'silent' });

describeOnServers('mongodb', "import of Sonixy's rows", (url) => {
  let client: MongoClient;

  beforeAll(async () => {
    client = new MongoClient(await url());
  });

  afterAll(async () => {
    await client?.close();
  });

  async function withDatabase(test: (database: string, store: NotificationStore) => Promise<void>): Promise<void> {
    const database = `sonixy_import_${randomBytes(6).toString('hex')}`;
    const store = connectMongoNotificationStore({ url: await url(), database, clock, log });
    try {
      await test(database, store);
    } finally {
      await store.close();
      await client.db(database).dropDatabase();
    }
  }

  const sonixy = (database: string) => client.db(database).collection(collections.sonixyNotifications);
  const ours = (database: string) => client.db(database).collection(collections.notificationRows);
  const startImport = async (database: string) =>
    startCommand('import', { MONGODB_URL: await url(), MONGODB_DATABASE: database });

  async function runImport(database: string): Promise<string> {
    const service = await startImport(database);
    const { code } = await service.exited;
    expect(code, service.output()).toBe(0);
    return service.output();
  }

  it('brings rows over once, in their order, with their ids, times and marks', async () => {
    await withDatabase(async (database, store) => {
      const rows = [row('alice', 1), row('bob', 2), row('alice', 3, { Status: 1, Type: 1 }), row('alice', 4)];
      await sonixy(database).insertMany(rows);
      expect(await runImport(database)).toContain('done: 4 imported, 0 known already, 0 skipped');
      const list = await store.list('alice' as UserId, { archived: false, offset: 0, limit: 10 });
      expect(list).toMatchObject([
        { id: rows[3]?._id.toHexString(), number: 3, isRead: false, entityType: 'Post' },
        { id: rows[2]?._id.toHexString(), number: 2, isRead: true, type: 'Comment' },
        { id: rows[0]?._id.toHexString(), number: 1, isRead: false, createdAt: rows[0]?.CreatedAt.getTime() },
      ]);
      expect(await runImport(database)).toContain('done: 0 imported, 0 known already, 0 skipped');
      await sonixy(database).insertOne(row('alice', 5));
      expect(await runImport(database)).toContain('done: 1 imported, 0 known already, 0 skipped');
      expect(await store.heads(['alice' as UserId])).toEqual([{ seq: 4, number: 4 }]);
    });
  });

  it('skips and counts what is not as Sonixy writes it, and leaves the source as it is', async () => {
    await withDatabase(async (database, store) => {
      const odd = [
        row('alice', 1, { RecipientId: null }),
        row('alice', 2, { Type: 9 }),
        row('alice', 3, { CreatedAt: 'yesterday' }),
        row('alice', 4, { EntityId: { $ne: null } }),
        row('alice', 5, { ActorName: null, ActorAvatar: null, Unknown: true }),
      ];
      await sonixy(database).insertMany(odd);
      await sonixy(database).insertOne({ ...row('alice', 6), _id: 'text' } as unknown as Document);
      const before = await sonixy(database).find().toArray();
      expect(await runImport(database)).toContain('done: 1 imported, 0 known already, 5 skipped');
      expect(await store.list('alice' as UserId, { archived: false, offset: 0, limit: 10 })).toMatchObject([
        { actorName: 'Unknown', actorAvatar: '', number: 1 },
      ]);
      expect(await sonixy(database).find().toArray()).toEqual(before);
    });
  });

  it('goes on where it was killed', async () => {
    await withDatabase(async (database, store) => {
      const people = ['alice', 'bob', 'carol'];
      const rows = Array.from({ length: 1_500 }, (_, index) => row(people[index % 3] ?? '', index));
      await sonixy(database).insertMany(rows);
      const first = await startImport(database);
      await eventually(async () => {
        const count = await ours(database).countDocuments();
        return count > 0 ? undefined : 'nothing imported yet';
      });
      await first.kill();
      expect(first.output()).not.toContain('done');
      expect(await runImport(database)).toMatch(/done: \d+ imported, \d+ known already, 0 skipped/);
      for (const person of people) {
        const { rows: imported } = await store.changes(person as UserId, 0, 1_000);
        const expected = rows.filter(({ RecipientId }) => RecipientId === person).map(({ _id }) => _id.toHexString());
        expect(imported.map((entry) => (entry.kind === 'notification' ? entry.id : entry.kind))).toEqual(expected);
        expect(imported.map(({ number }) => number)).toEqual(expected.map((_, index) => index + 1));
      }
    });
  });
});

describe('import', () => {
  it('says what it needs', async () => {
    const service = await startCommand('import', {});
    expect((await service.exited).code).toBe(78);
    expect(service.output()).toContain('MONGODB_URL');
  });
});

function startCommand(command: string, env: Record<string, string>): Promise<Child> {
  return spawnChild({
    command: process.execPath,
    args: ['services/notification/main.ts', command],
    env: { ...bareEnvironment(), ...env },
    cwd: resolve(import.meta.dirname, '../../..'),
  });
}

function row(recipient: string, second: number, change: Document = {}) {
  return {
    _id: ObjectId.createFromTime(1_700_000_000 + second),
    RecipientId: recipient,
    ActorId: 'dave',
    ActorName: 'Dave',
    ActorAvatar: '',
    EntityId: `post-${second}`,
    Type: 0,
    Status: 0,
    CreatedAt: new Date((1_700_000_000 + second) * 1_000),
    UpdatedAt: new Date((1_700_000_000 + second) * 1_000),
    ...change,
  };
}
