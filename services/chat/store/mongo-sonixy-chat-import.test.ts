import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { type Document, MongoClient, ObjectId } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import { collections } from '#shared/contract/names.ts';
import { systemClock as clock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { bareEnvironment } from '#test/dev-env/bare-environment.ts';
import { type Child, spawnChild } from '#test/dev-env/child.ts';
import { describeOnServers } from '#test/dev-env/contract-servers.ts';
import { eventually } from '#test/eventually.ts';
import { firstMembers, firstViews, newest, readAll } from './chat-store.fixture.ts';
import type { ChatStore } from './chat-store.ts';
import { connectMongoChatStore } from './mongo-chat-store.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const [alice, bob, carol] = ['alice', 'bob', 'carol'] as [UserId, UserId, UserId];

describeOnServers('mongodb', "import of Sonixy's chat", (url) => {
  let client: MongoClient;

  beforeAll(async () => {
    client = new MongoClient(await url());
  });

  afterAll(async () => {
    await client?.close();
  });

  async function withDatabase(test: (sonixy: Sonixy, store: ChatStore) => Promise<void>): Promise<void> {
    const database = `sonixy_import_${randomBytes(6).toString('hex')}`;
    const store = connectMongoChatStore({ url: await url(), database, clock, log });
    try {
      await test(new Sonixy(client, database), store);
    } finally {
      await store.close();
      await client.db(database).dropDatabase();
    }
  }

  const startImport = async ({ database }: Sonixy) =>
    startCommand('import', { MONGODB_URL: await url(), CHAT_MONGODB_DATABASE: database });

  async function runImport(sonixy: Sonixy): Promise<string> {
    const service = await startImport(sonixy);
    const { code } = await service.exited;
    expect(code, service.output()).toBe(0);
    return service.output();
  }

  it('brings conversations, messages and read positions over once, with their ids and times, and tells nobody', async () => {
    await withDatabase(async (sonixy, store) => {
      const pair = await sonixy.conversation(1, { Type: 0 });
      const group = await sonixy.conversation(2, { Type: 1, Name: 'The group' });
      const first = await sonixy.message(pair, 'alice', 10, { Content: 'Hi 😀' });
      const second = await sonixy.message(group, 'bob', 11, { Type: 1, Content: 'https://x/a.png' });
      const third = await sonixy.message(pair, 'bob', 12, { ConversationId: pair.toHexString() });
      await sonixy.participant(pair, 'alice', 1, { LastReadMessageId: third });
      await sonixy.participant(pair, 'bob', 1);
      for (const [joined, user] of [
        [3, 'carol'],
        [2, 'bob'],
        [4, 'alice'],
      ] as const) {
        await sonixy.participant(group, user, joined);
      }
      expect(await runImport(sonixy)).toContain(
        'done: 2 conversations, 3 messages imported, 0 known already, 0 skipped',
      );
      const pairId = pair.toHexString() as ConversationId;
      const groupId = group.toHexString() as ConversationId;
      expect(await store.list(pairId, newest)).toMatchObject([
        { id: third.toHexString(), number: 3, senderId: bob, createdAt: atSecond(12) },
        { id: first.toHexString(), number: 2, content: 'Hi 😀', type: 'text', createdAt: atSecond(10) },
        { number: 1, system: { action: 'created' }, createdAt: atSecond(1) },
      ]);
      expect(await store.list(groupId, newest)).toMatchObject([
        { id: second.toHexString(), type: 'image' },
        { number: 1 },
      ]);
      expect(await store.views(alice, firstViews)).toMatchObject([
        { conversation: { id: pairId, type: 'private', lastMessageAt: atSecond(12) }, own: { readThrough: 3 } },
        { conversation: { id: groupId, type: 'group', name: 'The group', memberCount: 3 }, own: { readThrough: 1 } },
      ]);
      expect(await store.members(groupId, firstMembers)).toMatchObject([
        { userId: bob, role: 'owner', joinedAt: atSecond(2) },
        { userId: carol, role: 'member', joinedAt: atSecond(3) },
        { userId: alice, role: 'member' },
      ]);
      expect(await store.leasePending({ pendingSince: clock.now() + 60_000, leaseMs: 1, limit: 10 })).toEqual([]);
      const asked = { type: 'private' as const, creator: bob, others: [alice], name: null };
      expect(await store.createConversation(asked)).toMatchObject({
        created: false,
        view: { conversation: { id: pairId } },
      });
    });
  });

  it('takes what has come since, and lets nobody in again who has left ours', async () => {
    await withDatabase(async (sonixy, store) => {
      const group = await sonixy.conversation(1, { Type: 1 });
      for (const user of ['alice', 'bob', 'carol']) await sonixy.participant(group, user, 1);
      await sonixy.message(group, 'alice', 10);
      await runImport(sonixy);
      const id = group.toHexString() as ConversationId;
      await store.removeMember(id, alice, carol);
      await sonixy.message(group, 'bob', 11);
      expect(await runImport(sonixy)).toContain(
        'done: 1 conversations, 1 messages imported, 0 known already, 0 skipped',
      );
      expect((await readAll(store, id)).map(({ number }) => number)).toEqual([1, 2, 3, 4]);
      expect(await store.view(id, carol)).toBeUndefined();
      expect(await runImport(sonixy)).toContain(
        'done: 1 conversations, 0 messages imported, 0 known already, 0 skipped',
      );
      expect(await store.heads([id])).toEqual([{ seq: 4, number: 4, members: 3 }]);
    });
  });

  it('puts the second conversation of a pair into the first', async () => {
    await withDatabase(async (sonixy, store) => {
      const [one, two] = [await sonixy.conversation(1, { Type: 0 }), await sonixy.conversation(2, { Type: 0 })];
      for (const conversation of [one, two]) {
        await sonixy.participant(conversation, 'alice', 1);
        await sonixy.participant(conversation, 'bob', 1);
        await sonixy.message(conversation, 'alice', 10);
      }
      await runImport(sonixy);
      expect(await store.heads([one, two].map((id) => id.toHexString() as ConversationId))).toMatchObject([
        { number: 3 },
        { number: 0 },
      ]);
      expect(await store.views(bob, firstViews)).toHaveLength(1);
    });
  });

  it('skips and counts what is not as Sonixy writes it, and leaves the source as it is', async () => {
    await withDatabase(async (sonixy, store) => {
      const group = await sonixy.conversation(1, { Type: 1, CreatedAt: null });
      await sonixy.participant(group, 'alice', 1, { JoinedAt: 'yesterday' });
      await sonixy.participant(group, { $ne: null }, 1);
      const lonely = await sonixy.conversation(2, { Type: 0 });
      await sonixy.participant(lonely, 'alice', 1);
      await sonixy.conversation(3, { Type: 7 });
      await sonixy.message(group, 'alice', 10, { Content: { $ne: null } });
      await sonixy.message(group, null, 11);
      await sonixy.message(lonely, 'alice', 12);
      await sonixy.message(new ObjectId(), 'alice', 13);
      await sonixy.message(group, 'alice', 14, { Unknown: true });
      const before = await sonixy.everything();
      expect(await runImport(sonixy)).toContain(
        'done: 1 conversations, 1 messages imported, 0 known already, 6 skipped',
      );
      const id = group.toHexString() as ConversationId;
      expect(await store.view(id, alice)).toMatchObject({ conversation: { memberCount: 1, head: { number: 2 } } });
      expect(await sonixy.everything()).toEqual(before);
    });
  });

  it('goes on where it was killed', { timeout: 180_000 }, async () => {
    await withDatabase(async (sonixy, store) => {
      const groups: ObjectId[] = [];
      for (let index = 0; index < 3; index += 1) groups.push(await sonixy.conversation(index, { Type: 1 }));
      for (const group of groups) await sonixy.participant(group, 'alice', 1);
      const { secantusVersion } = await client.db('admin').command({ buildInfo: 1 });
      const sent = await sonixy.messages(groups, 'alice', secantusVersion === undefined ? 1_500 : 300);
      const first = await startImport(sonixy);
      // The start of a process is part of it.
      await eventually(
        async () => {
          const count = await client.db(sonixy.database).collection(collections.chatMessages).countDocuments();
          return count > groups.length ? undefined : 'no message imported yet';
        },
        { timeoutMs: 60_000 },
      );
      await first.kill();
      expect(first.output()).not.toContain('done');
      expect(await runImport(sonixy)).toMatch(
        /done: 3 conversations, \d+ messages imported, \d+ known already, 0 skipped/,
      );
      for (const [index, group] of groups.entries()) {
        const rows = await readAll(store, group.toHexString() as ConversationId);
        const expected = sent.filter((_, position) => position % groups.length === index).map((id) => id.toHexString());
        expect(rows.slice(1).map(({ id }) => id)).toEqual(expected);
        expect(rows.map(({ number }) => number)).toEqual(rows.map((_, place) => place + 1));
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
    args: ['services/chat/main.ts', command],
    env: { ...bareEnvironment(), ...env },
    cwd: resolve(import.meta.dirname, '../../..'),
  });
}

const firstSecond = 1_700_000_000;

function atSecond(second: number): number {
  return (firstSecond + second) * 1_000;
}

/** Sonixy's own collections, as its .NET service fills them. */
class Sonixy {
  readonly database: string;
  readonly #client: MongoClient;
  #made = 0;

  constructor(client: MongoClient, database: string) {
    this.#client = client;
    this.database = database;
  }

  conversation(second: number, elements: Document): Promise<ObjectId> {
    const last = { LastMessageAt: new Date(atSecond(second)), LastMessageContent: null, LastMessageType: 0 };
    return this.#insert(collections.sonixyConversations, second, {
      CreatedAt: new Date(atSecond(second)),
      ...last,
      ...elements,
    });
  }

  participant(conversation: ObjectId, user: unknown, second: number, elements: Document = {}): Promise<ObjectId> {
    const place = {
      ConversationId: conversation,
      UserId: user,
      JoinedAt: new Date(atSecond(second)),
      LastReadMessageId: null,
    };
    return this.#insert(collections.sonixyParticipants, second, { ...place, ...elements });
  }

  message(conversation: ObjectId, sender: unknown, second: number, elements: Document = {}): Promise<ObjectId> {
    return this.#insert(collections.sonixyMessages, second, messageElements(conversation, sender, second, elements));
  }

  async messages(conversations: readonly ObjectId[], sender: string, count: number): Promise<ObjectId[]> {
    const documents = Array.from({ length: count }, (_, index) => {
      const conversation = conversations[index % conversations.length] ?? new ObjectId();
      return { _id: this.#id(100 + index), ...messageElements(conversation, sender, 100 + index, {}) };
    });
    await this.#client.db(this.database).collection(collections.sonixyMessages).insertMany(documents);
    return documents.map(({ _id }) => _id);
  }

  async everything(): Promise<unknown[]> {
    const names = [collections.sonixyConversations, collections.sonixyMessages, collections.sonixyParticipants];
    return await Promise.all(names.map((name) => this.#client.db(this.database).collection(name).find().toArray()));
  }

  async #insert(collection: string, second: number, elements: Document): Promise<ObjectId> {
    const _id = this.#id(second);
    await this.#client
      .db(this.database)
      .collection(collection)
      .insertOne({ _id, ...elements });
    return _id;
  }

  #id(second: number): ObjectId {
    this.#made += 1;
    return new ObjectId((firstSecond + second).toString(16) + this.#made.toString(16).padStart(16, '0'));
  }
}

function messageElements(conversation: ObjectId, sender: unknown, second: number, elements: Document): Document {
  return {
    ConversationId: conversation,
    SenderId: sender,
    Content: `text ${second}`,
    Type: 0,
    CreatedAt: new Date(atSecond(second)),
    ...elements,
  };
}
