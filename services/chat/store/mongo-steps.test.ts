import { randomBytes } from 'node:crypto';
import { MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import { systemClock } from '#shared/runtime/clock.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { newObjectId } from '#shared/store/object-id.ts';
import { describeOnServers } from '#test/dev-env/contract-servers.ts';
import {
  firstChanges,
  firstMembers,
  firstViews,
  message,
  newest,
  newGroup,
  newUser,
  readAll,
  sendMany,
} from './chat-store.fixture.ts';
import type { ChatStore, NewConversation } from './chat-store.ts';
import { connectMongoChatStore } from './mongo-chat-store.ts';
import { MongoDatabase } from './mongo-database.ts';
import { beginning, placeId } from './mongo-documents.ts';
import { assembleMongoParts, type MongoParts } from './mongo-parts.ts';
import type { Telling } from './mongo-places.ts';
import {
  deletedRow,
  draftOf,
  draftOfSystem,
  editedRow,
  newRow,
  type StoredHead,
  type StoredMessage,
} from './stored-message.ts';

const log = createLogger({ name: 'test', level: 'silent' });

/** A writer that did its first steps and died; or that slept, and goes on when others have finished its work. */
describeOnServers('mongodb', 'a chat writer that stops between its steps', (url) => {
  const name = `sonixy_test_${randomBytes(6).toString('hex')}`;
  let client: MongoClient;
  let database: MongoDatabase;
  let store: ChatStore;
  let dead: MongoParts;

  beforeAll(async () => {
    client = new MongoClient(await url());
    store = connectMongoChatStore({ url: await url(), database: name, clock: systemClock, log });
    await store.ping();
    database = new MongoDatabase({ url: await url(), database: name, log });
    await database.ping();
    dead = assembleMongoParts(database, systemClock);
  });

  afterAll(async () => {
    await store?.close();
    await database?.close();
    await client?.db(name).dropDatabase();
    await client?.close();
  });

  const now = () => systemClock.now();
  const head = async (id: ConversationId) => (await store.heads([id]))[0];
  const listed = async (id: ConversationId, user: UserId) => (await store.view(id, user))?.conversation;

  async function sweep(): Promise<void> {
    const rows = await store.leasePending({ pendingSince: now() + 60_000, leaseMs: 0, limit: 100_000 });
    await Promise.all(rows.map((row) => store.published(row)));
  }

  async function finish(id: ConversationId) {
    const finished = await store.finishMemberships({ begunBefore: (await store.now()) + 60_000, limit: 1_000 });
    return finished.filter(({ conversation }) => conversation.id === id).map(({ row }) => row?.system);
  }

  const told = async (id: ConversationId) =>
    (await readAll(store, id)).flatMap((row) => (row.kind === 'message' && row.system ? [row.system] : []));

  async function telling(conversation: ConversationId, actor: UserId): Promise<Telling> {
    return { conversation, actor, rowId: newObjectId(now()), since: await store.now() };
  }

  async function rowOf(id: string): Promise<StoredMessage> {
    const row = await dead.rows.find(id);
    if (!row) throw new Error('the row is gone');
    return row;
  }

  describe('a send', () => {
    async function insertOnly(id: ConversationId, sender: UserId, clientMessageId: string | null = null) {
      const asked = message(id, sender, { content: 'left behind', clientMessageId });
      const row = newRow(draftOf(asked, now()), await dead.rows.head(id));
      await dead.rows.insert([row]);
      return { asked, row };
    }

    it('that died after its row leaves it readable and pending, and the sweep mends the head', async () => {
      const { id, alice } = await newGroup(store);
      await sweep();
      const since = await store.now();
      const { row } = await insertOnly(id, alice);
      expect(await head(id)).toEqual({ seq: 2, number: 2, members: 1 });
      expect((await readAll(store, id)).at(-1)).toMatchObject({ id: row.Id, content: 'left behind' });
      expect(await listed(id, alice)).toMatchObject({ head: { seq: 1 } });
      await sweep();
      expect(await listed(id, alice)).toMatchObject({
        head: { seq: 2, number: 2, members: 1 },
        last: { content: 'left behind' },
      });
      const { views } = await store.viewsSince(alice, since, firstChanges);
      expect(views.map(({ conversation }) => conversation.id)).toEqual([id]);
    });

    it('that died after its row is leased with the head mended, for whoever tells of it', async () => {
      const { id, alice } = await newGroup(store);
      const { row } = await insertOnly(id, alice);
      const leased = await store.leasePending({ pendingSince: now() + 60_000, leaseMs: 0, limit: 100_000 });
      expect(leased.map((entry) => entry.id)).toContain(row.Id);
      expect(await listed(id, alice)).toMatchObject({ head: { seq: 2 }, last: { content: 'left behind' } });
    });

    it('that died after its row is mended also by whoever publishes it without a lease', async () => {
      const { id, alice } = await newGroup(store);
      const { row } = await insertOnly(id, alice);
      await store.published({ id: row.Id, conversationId: id, seq: row.Seq });
      expect(await listed(id, alice)).toMatchObject({ head: { seq: 2 }, last: { content: 'left behind' } });
    });

    it('that died after its row is answered when it is sent again, with the head mended', async () => {
      const { id, alice } = await newGroup(store);
      const { asked, row } = await insertOnly(id, alice, 'one');
      expect(await store.send(asked)).toMatchObject({
        created: false,
        row: { id: row.Id, seq: 2 },
        conversation: { head: { seq: 2 }, last: { content: 'left behind' } },
      });
      expect(await head(id)).toEqual({ seq: 2, number: 2, members: 1 });
    });

    it('that slept does not take the head of the list back', async () => {
      const { id, alice } = await newGroup(store);
      const { row } = await insertOnly(id, alice);
      await store.send(message(id, alice, { content: 'later' }));
      await dead.heads.advance(row, 'new');
      expect(await listed(id, alice)).toMatchObject({ head: { seq: 3, number: 3 }, last: { content: 'later' } });
    });
  });

  describe('a change of a message', () => {
    it.each([
      ['an edit', (row: StoredMessage, at: StoredHead) => editedRow(row, 'edited', at, now()), 'edited'],
      ['a deletion', (row: StoredMessage, at: StoredHead) => deletedRow(row, at, now()), 'text 0'],
    ])('that died after its row is pending, and the sweep mends what is shown: %s', async (_what, change, shown) => {
      const { id, alice } = await newGroup(store);
      const [, last] = await sendMany(store, id, alice, 2);
      await sweep();
      const row = await rowOf(last?.id ?? '');
      await dead.rows.move(row, change(row, await dead.rows.head(id)));
      expect(await listed(id, alice)).toMatchObject({ head: { seq: 3 }, last: { content: 'text 1' } });
      await sweep();
      expect(await listed(id, alice)).toMatchObject({ head: { seq: 4, number: 3 }, last: { content: shown } });
    });
  });

  describe('a writer that slept where others have been', () => {
    async function conversationOfThree() {
      const { id, alice } = await newGroup(store);
      const [first, second] = await sendMany(store, id, alice, 2);
      return { id, alice, first: first?.id ?? '', second: second?.id ?? '', slept: await dead.rows.head(id) };
    }

    type Slept = Awaited<ReturnType<typeof conversationOfThree>>;

    describe.each([
      ['sends', async (at: Slept) => dead.rows.insert([newRow(draftOf(message(at.id, at.alice), now()), at.slept)])],
      [
        'edits',
        async (at: Slept) => {
          const row = await rowOf(at.second);
          await dead.rows.move(row, editedRow(row, 'late', at.slept, now()));
        },
      ],
      [
        'tells of members',
        async ({ id, alice, slept }: Slept) => {
          const system = { action: 'left' } as const;
          const draft = draftOfSystem({ id: newObjectId(now()), conversationId: id, actor: alice, system, at: now() });
          await dead.rows.insert([newRow(draft, slept, -1)]);
        },
      ],
    ])('and %s', (_what, write) => {
      it('is refused where a row has been and has moved on', async () => {
        const at = await conversationOfThree();
        await store.edit(at.first, 'one');
        await store.edit(at.first, 'two');
        expect(await head(at.id)).toMatchObject({ seq: 5, number: 3 });
        await expect(write(at)).rejects.toSatisfy(isClashOfKeys);
        expect(await head(at.id)).toMatchObject({ seq: 5, number: 3 });
        expect((await store.send(message(at.id, at.alice))).row).toMatchObject({ seq: 6, number: 4 });
      });

      it('succeeds when nobody wrote meanwhile', async () => {
        const at = await conversationOfThree();
        await write(at);
        expect(await head(at.id)).toMatchObject({ seq: 4 });
      });
    });
  });

  describe('a creation', () => {
    async function begin(type: 'private' | 'group') {
      const [alice, bob] = [newUser(), newUser('bob')];
      const asked: NewConversation = { type, creator: alice, others: [bob], name: null };
      const id = newObjectId(now()) as ConversationId;
      const begun = beginning(asked, { id, rowId: newObjectId(now()), since: await store.now(), now: now() });
      await dead.memberships.begin(begun);
      return { alice, bob, asked, id, begun };
    }

    it('that died after its document is seen by nobody until it is finished', async () => {
      const { alice, bob, id } = await begin('group');
      for (const user of [alice, bob]) {
        expect(await store.view(id, user)).toBeUndefined();
        expect(await store.views(user, firstViews)).toEqual([]);
        expect(await store.memberships(user)).toEqual([]);
      }
      await expect(store.send(message(id, alice))).rejects.toMatchObject({ code: 'not_found' });
      expect(await store.rename(id, alice, 'x')).toMatchObject({ conversation: { name: 'x' } });
    });

    it('that died is finished as it was asked for, once, by several at the same time', async () => {
      const { alice, bob, id, begun } = await begin('group');
      // Half of the places, as by a process that was killed in the middle.
      await database.members.insertOne({
        _id: placeId(id, bob),
        ConversationId: begun._id,
        ...{ UserId: bob, Present: true, Role: 0, JoinedAt: new Date(), ReadThrough: 0, ChangedAt: new Date(0) },
        ...{ PendingRowId: '', PendingSince: 0, PendingActorId: '', PendingAction: '', PendingRole: '' },
      });
      expect(await store.view(id, bob)).toBeUndefined();
      const finished = await Promise.all([finish(id), finish(id)]);
      expect(finished.flat().length).toBeGreaterThan(0);
      expect(await told(id)).toEqual([{ action: 'created' }]);
      expect(await store.view(id, bob)).toMatchObject({
        conversation: { memberCount: 2, head: { seq: 1, members: 1 } },
      });
      expect(await store.view(id, alice)).toMatchObject({ own: { role: 'owner' } });
      expect(await finish(id)).toEqual([]);
    });

    it('that died after its first row is finished without another', async () => {
      const { alice, id, begun } = await begin('group');
      const system = { action: 'created' } as const;
      const draft = draftOfSystem({ id: begun.PendingRowId, conversationId: id, actor: alice, system, at: now() });
      await dead.rows.tell(draft, 2);
      expect(await store.view(id, alice)).toBeUndefined();
      await finish(id);
      expect(await told(id)).toEqual([{ action: 'created' }]);
      expect(await store.view(id, alice)).toMatchObject({ conversation: { memberCount: 2, head: { seq: 1 } } });
    });

    it('of a pair that died is finished by whoever asks for the pair', async () => {
      const { alice, bob, id } = await begin('private');
      const asked = { type: 'private' as const, creator: bob, others: [alice], name: null };
      expect(await store.createConversation(asked)).toMatchObject({
        created: false,
        row: { senderId: alice, system: { action: 'created' } },
        view: { conversation: { id, memberCount: 2 } },
      });
      expect(await told(id)).toEqual([{ action: 'created' }]);
      expect(await finish(id)).toEqual([]);
    });

    it('that slept does not let in again who has left meanwhile', async () => {
      const { bob, id, begun } = await begin('group');
      await finish(id);
      await store.removeMember(id, bob, bob);
      await database.attempt(() => dead.tellings.tellOfConversation(begun));
      expect(await store.view(id, bob)).toBeUndefined();
      expect(await told(id)).toEqual([{ action: 'created' }, { action: 'left' }]);
    });
  });

  describe('a removal', () => {
    it('that died after the place was closed shuts the user out at once, and is told of later', async () => {
      const { id, alice, bob } = await newGroup(store);
      expect(await dead.places.close(await telling(id, alice), bob)).toBe(true);
      expect(await store.view(id, bob)).toBeUndefined();
      expect(await store.views(bob, firstViews)).toEqual([]);
      expect(await store.memberships(bob)).toEqual([]);
      expect(await store.markRead(id, bob, 1)).toBeUndefined();
      expect(await store.membersAmong(id, [bob])).toMatchObject({ version: 1, users: [] });
      expect((await store.viewsSince(bob, 0, firstChanges)).left).toEqual([id]);
      const finished = await Promise.all([finish(id), finish(id)]);
      expect(finished.flat()).toContainEqual({ action: 'removed', userIds: [bob] });
      expect(await told(id)).toEqual([{ action: 'created' }, { action: 'removed', userIds: [bob] }]);
      expect(await listed(id, alice)).toMatchObject({ memberCount: 2, head: { seq: 2, number: 2, members: 2 } });
      expect(await finish(id)).toEqual([]);
    });

    it('that died after its row is not told of twice', async () => {
      const { id, alice, bob } = await newGroup(store);
      const dying = await telling(id, alice);
      await dead.places.close(dying, bob);
      const system = { action: 'removed' as const, userIds: [bob] };
      const draft = draftOfSystem({ id: dying.rowId, conversationId: id, actor: alice, system, at: now() });
      await dead.rows.tell(draft, -1);
      await finish(id);
      expect(await told(id)).toEqual([{ action: 'created' }, { action: 'removed', userIds: [bob] }]);
      expect(await listed(id, alice)).toMatchObject({ memberCount: 2 });
      expect(await finish(id)).toEqual([]);
    });

    it('of the last owner that died is finished with an heir', async () => {
      const { id, alice } = await newGroup(store);
      await dead.places.close(await telling(id, alice), alice);
      await finish(id);
      const roles = (await store.members(id, firstMembers)).map(({ role }) => role);
      expect(roles.toSorted()).toEqual(['member', 'owner']);
    });

    it('that died is told of before the user comes back', async () => {
      const { id, alice, bob } = await newGroup(store);
      await dead.places.close(await telling(id, alice), bob);
      expect(await store.addMembers(id, alice, [bob])).toMatchObject({ conversation: { memberCount: 3 } });
      expect(await told(id)).toEqual([
        { action: 'created' },
        { action: 'removed', userIds: [bob] },
        { action: 'added', userIds: [bob] },
      ]);
    });
  });

  describe('an addition', () => {
    const open = async (dying: Telling, users: readonly UserId[]) =>
      dead.places.open(dying, users, { joinedAt: now(), readThrough: 1 });

    it('that died with half of its places open is told of as far as it came', async () => {
      const { id, alice } = await newGroup(store);
      const [dave, erin] = [newUser('dave'), newUser('erin')];
      await open(await telling(id, alice), [dave]);
      expect(await store.membersAmong(id, [dave, erin])).toMatchObject({ version: 1, users: [dave] });
      expect(await finish(id)).toEqual([{ action: 'added', userIds: [dave] }]);
      expect(await listed(id, dave)).toMatchObject({ memberCount: 4, head: { seq: 2, members: 2 } });
      expect(await finish(id)).toEqual([]);
    });

    it('that slept is told of in two rows, each place in one', async () => {
      const { id, alice } = await newGroup(store);
      const [dave, erin] = [newUser('dave'), newUser('erin')];
      const sleeping = await telling(id, alice);
      await open(sleeping, [dave]);
      await finish(id);
      await open(sleeping, [erin]);
      await database.attempt(() => dead.tellings.tellOfPlaces(id, sleeping.rowId));
      expect(await told(id)).toEqual([
        { action: 'created' },
        { action: 'added', userIds: [dave] },
        { action: 'added', userIds: [erin] },
      ]);
      expect(await listed(id, alice)).toMatchObject({ memberCount: 5, head: { seq: 3, members: 3 } });
      expect(await finish(id)).toEqual([]);
    });

    it('that died is told of before its user is removed', async () => {
      const { id, alice } = await newGroup(store);
      const dave = newUser('dave');
      await open(await telling(id, alice), [dave]);
      expect(await store.removeMember(id, alice, dave)).toMatchObject({ conversation: { memberCount: 3 } });
      expect(await told(id)).toEqual([
        { action: 'created' },
        { action: 'added', userIds: [dave] },
        { action: 'removed', userIds: [dave] },
      ]);
    });
  });

  describe('a change of a place that another one is told of between its two looks', () => {
    /** In the middle of the next look at places, somebody tells of `other`. */
    function interrupted(id: ConversationId, other: Telling): MongoParts {
      const parts = assembleMongoParts(database, systemClock);
      const { find } = parts.places;
      parts.places.find = async (...asked) => {
        await dead.tellings.tellOfPlaces(id, other.rowId);
        return await find.apply(parts.places, asked);
      };
      return parts;
    }

    it.each(['a departure', 'a role'])('is made all the same: %s', async (what) => {
      const { id, alice, bob } = await newGroup(store);
      const other = await telling(id, alice);
      await dead.places.setRole(other, bob, 'admin');
      const { memberships } = interrupted(id, other);
      if (what === 'a role') await memberships.setRole(id, alice, bob, 'owner');
      else await memberships.remove(id, bob, bob);
      const role = (await store.members(id, firstMembers)).find(({ userId }) => userId === bob)?.role;
      expect(role).toBe(what === 'a role' ? 'owner' : undefined);
      expect((await told(id)).slice(-2)).toEqual([
        { action: 'role', userIds: [bob], role: 'admin' },
        what === 'a role' ? { action: 'role', userIds: [bob], role: 'owner' } : { action: 'left' },
      ]);
    });

    it('is none where it is so already', async () => {
      const { id, alice, bob } = await newGroup(store);
      const other = await telling(id, alice);
      await dead.places.setRole(other, bob, 'admin');
      const { memberships } = interrupted(id, other);
      expect(await memberships.setRole(id, alice, bob, 'admin')).toMatchObject({ row: undefined });
      expect((await told(id)).at(-1)).toEqual({ action: 'role', userIds: [bob], role: 'admin' });
    });
  });

  describe('a name and a role', () => {
    it('that died untold are told of, before the next ones', async () => {
      const { id, alice, bob } = await newGroup(store);
      const dying = await telling(id, alice);
      await dead.places.setRole(dying, bob, 'admin');
      await database.conversations.updateOne(
        { PairKey: id },
        { $set: { Name: 'dying', PendingRowId: newObjectId(now()), PendingSince: dying.since, PendingActorId: alice } },
      );
      expect(await listed(id, alice)).toMatchObject({ name: 'dying', head: { seq: 1 } });
      await store.rename(id, alice, 'next');
      await store.setRole(id, alice, bob, 'owner');
      expect(await told(id)).toEqual([
        { action: 'created' },
        { action: 'renamed', name: 'dying' },
        { action: 'renamed', name: 'next' },
        { action: 'role', userIds: [bob], role: 'admin' },
        { action: 'role', userIds: [bob], role: 'owner' },
      ]);
      expect(await finish(id)).toEqual([]);
      expect((await store.list(id, newest)).map(({ number }) => number)).toEqual([5, 4, 3, 2, 1]);
    });

    it('that two owners gave each other and died over leave one', async () => {
      const { id, alice, bob } = await newGroup(store);
      await store.setRole(id, alice, bob, 'owner');
      await dead.places.setRole(await telling(id, alice), bob, 'member');
      await dead.places.setRole(await telling(id, bob), alice, 'member');
      const owners = async () => (await store.members(id, firstMembers)).filter(({ role }) => role === 'owner');
      expect(await owners()).toEqual([]);
      expect(await finish(id)).toHaveLength(2);
      expect(await owners()).toHaveLength(1);
    });
  });
});

function isClashOfKeys(error: unknown): boolean {
  return error instanceof Error && (error.name === 'Overtaken' || ('code' in error && error.code === 11000));
}
