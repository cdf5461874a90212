import { beforeAll, describe, expect, it } from 'vitest';
import { smallConversation } from '#shared/contract/chat-dto.ts';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import {
  firstChanges,
  firstMembers,
  firstViews,
  message,
  newGroup,
  newUser,
  pick,
  readAll,
  type StoreSuite,
  type StoreUnderTest,
  type TestClock,
  times,
} from './chat-store.fixture.ts';
import type { ChatStore } from './chat-store.ts';

/** Who is in, since when and as what. */
export function describeMemberships(suite: () => StoreSuite): void {
  let data: StoreUnderTest;
  let store: ChatStore;
  let other: ChatStore;
  let clock: TestClock;

  beforeAll(() => {
    ({ data, store, other, clock } = suite());
  });

  const unknownIds = ['0'.repeat(24), '', 'x', '{"$gt":""}'] as ConversationId[];

  async function everybody(id: ConversationId) {
    return (await other.members(id, firstMembers)).map(({ userId, role }) => [userId, role]);
  }

  describe('addMembers', () => {
    it('lets new ones in with one row that names them, and leaves the others as they are', async () => {
      const { id, alice, bob } = await newGroup(store, ['alice', 'bob']);
      await store.send(message(id, alice));
      const [dave, erin] = [newUser('dave'), newUser('erin')];
      clock.advance(1_000);
      const changed = await store.addMembers(id, alice, [bob, dave, erin, dave]);
      expect(changed).toMatchObject({
        conversation: { memberCount: 4, head: { seq: 3, number: 3, members: 3 } },
        row: { senderId: alice, seq: 3, members: 3, system: { action: 'added' } },
      });
      expect(changed?.row?.system).toEqual({ action: 'added', userIds: expect.arrayContaining([dave, erin]) });
      expect(await other.view(id, dave)).toMatchObject({
        own: { userId: dave, role: 'member', joinedAt: clock.now(), readThrough: 2 },
      });
      expect((await other.view(id, bob))?.own.joinedAt).toBeLessThan(clock.now());
      expect((await other.send(message(id, alice))).row).toMatchObject({ seq: 4, members: 3 });
    });

    it('writes no row when all are in already, and knows no unknown conversation', async () => {
      const { id, alice, bob } = await newGroup(store);
      expect(await store.addMembers(id, alice, [bob, alice])).toMatchObject({ row: undefined, conversation: { id } });
      expect(await store.heads([id])).toEqual([{ seq: 1, number: 1, members: 1 }]);
      for (const unknown of unknownIds) expect(await store.addMembers(unknown, alice, [bob])).toBeUndefined();
      expect(await store.memberships(bob)).toHaveLength(1);
    });

    it('names each of them once when many instances add them at the same time', async () => {
      const { id, alice } = await newGroup(store);
      const people = times(6, (index) => newUser(`p${index}`));
      await Promise.all(
        times(6, (index) =>
          pick([store, other], index).addMembers(id, alice, [pick(people, index), pick(people, index + 1)]),
        ),
      );
      const rows = await readAll(store, id);
      const named = rows.flatMap((row) =>
        row.kind === 'message' && row.system?.action === 'added' ? row.system.userIds : [],
      );
      expect(named.toSorted()).toEqual(people.toSorted());
      expect(await store.view(id, alice)).toMatchObject({ conversation: { memberCount: 9 } });
      expect(await everybody(id)).toHaveLength(9);
    });
  });

  describe('removeMember', () => {
    it('closes everything to the user and tells the others', async () => {
      const { id, alice, bob } = await newGroup(store);
      const changed = await store.removeMember(id, alice, bob);
      expect(changed).toMatchObject({
        conversation: { memberCount: 2, head: { seq: 2, number: 2, members: 2 } },
        row: { senderId: alice, members: 2, system: { action: 'removed', userIds: [bob] } },
      });
      expect(await other.view(id, bob)).toBeUndefined();
      expect(await other.views(bob, firstViews)).toEqual([]);
      expect(await other.memberships(bob)).toEqual([]);
      expect(await other.markRead(id, bob, 1)).toBeUndefined();
      expect(await other.membersAmong(id, [bob])).toMatchObject({ version: 2, users: [] });
      expect((await everybody(id)).map(([user]) => user)).not.toContain(bob);
      expect(await other.view(id, alice)).toMatchObject({ conversation: { memberCount: 2 } });
    });

    it('of oneself is told as leaving', async () => {
      const { id, bob } = await newGroup(store);
      expect(await store.removeMember(id, bob, bob)).toMatchObject({
        row: { senderId: bob, system: { action: 'left' } },
      });
    });

    it('of somebody who is not in changes nothing', async () => {
      const { id, alice, bob } = await newGroup(store);
      expect(await store.removeMember(id, alice, newUser())).toMatchObject({ row: undefined, conversation: { id } });
      await store.removeMember(id, alice, bob);
      expect(await other.removeMember(id, alice, bob)).toMatchObject({ row: undefined });
      expect(await store.heads([id])).toEqual([{ seq: 2, number: 2, members: 2 }]);
      for (const unknown of unknownIds) expect(await store.removeMember(unknown, alice, bob)).toBeUndefined();
    });

    it('is told once when many instances do it at the same time', async () => {
      const { id, alice, bob } = await newGroup(store);
      const answers = await Promise.all(times(8, (index) => pick([store, other], index).removeMember(id, alice, bob)));
      expect(answers.filter((answer) => answer?.row)).toHaveLength(1);
      expect(await store.heads([id])).toEqual([{ seq: 2, number: 2, members: 2 }]);
      expect(await store.view(id, alice)).toMatchObject({ conversation: { memberCount: 2 } });
    });

    it('hands the last ownership to the longest-standing admin, else member', async () => {
      const { id, alice, bob, carol } = await newGroup(store);
      const dave = newUser('dave');
      clock.advance(1_000);
      await store.addMembers(id, alice, [dave]);
      await store.setRole(id, alice, dave, 'admin');
      await store.removeMember(id, alice, alice);
      expect(await everybody(id)).toEqual(
        expect.arrayContaining([
          [dave, 'owner'],
          [bob, 'member'],
          [carol, 'member'],
        ]),
      );
      await store.removeMember(id, dave, dave);
      const owners = (await everybody(id)).filter(([, role]) => role === 'owner');
      expect(owners).toHaveLength(1);
      expect([bob, carol]).toContain(owners[0]?.[0]);
    });

    it('leaves other owners and an empty group alone', async () => {
      const { id, alice, bob } = await newGroup(store, ['alice', 'bob']);
      await store.setRole(id, alice, bob, 'owner');
      await store.removeMember(id, alice, alice);
      expect(await everybody(id)).toEqual([[bob, 'owner']]);
      expect(await store.removeMember(id, bob, bob)).toMatchObject({ conversation: { memberCount: 0 } });
      expect(await everybody(id)).toEqual([]);
    });
  });

  describe('whoever comes back', () => {
    it('begins as a member, has read what was there, and is told of as added', async () => {
      const { id, alice, bob } = await newGroup(store);
      await store.setRole(id, alice, bob, 'admin');
      await store.markRead(id, bob, 1);
      await store.removeMember(id, alice, bob);
      await store.send(message(id, alice));
      clock.advance(1_000);
      expect(await other.addMembers(id, alice, [bob])).toMatchObject({
        conversation: { memberCount: 3 },
        row: { seq: 5, members: 5, system: { action: 'added', userIds: [bob] } },
      });
      expect(await store.view(id, bob)).toMatchObject({
        own: { role: 'member', joinedAt: clock.now(), readThrough: 4 },
      });
      expect((await everybody(id)).at(-1)).toEqual([bob, 'member']);
    });

    it('is in or out as the last row says, however often that changes on two instances', async () => {
      const { id, alice, bob } = await newGroup(store);
      await Promise.all(
        times(12, (index) =>
          index % 2
            ? pick([store, other], index >> 1).addMembers(id, alice, [bob])
            : pick([store, other], index >> 1).removeMember(id, alice, bob),
        ),
      );
      const told = (await readAll(store, id)).flatMap((row) =>
        row.kind === 'message' && row.system && 'userIds' in row.system ? [row.system.action] : [],
      );
      expect(told).toEqual(times(told.length, (index) => (index % 2 ? 'added' : 'removed')));
      const isIn = told.at(-1) === 'added' || told.length === 0;
      expect((await store.view(id, bob)) !== undefined).toBe(isIn);
      expect(await store.view(id, alice)).toMatchObject({ conversation: { memberCount: isIn ? 3 : 2 } });
    });
  });

  describe('setRole', () => {
    it('writes a row, and none where the role is that already', async () => {
      const { id, alice, bob } = await newGroup(store);
      expect(await store.setRole(id, alice, bob, 'admin')).toMatchObject({
        conversation: { head: { seq: 2, number: 2, members: 1 } },
        row: { senderId: alice, system: { action: 'role', userIds: [bob], role: 'admin' }, members: 1 },
      });
      expect(await other.view(id, bob)).toMatchObject({ own: { role: 'admin' } });
      expect(await other.setRole(id, alice, bob, 'admin')).toMatchObject({ row: undefined });
      expect(await other.setRole(id, alice, newUser(), 'admin')).toMatchObject({ row: undefined });
      for (const unknown of unknownIds) expect(await store.setRole(unknown, alice, bob, 'owner')).toBeUndefined();
    });
  });

  describe('members', () => {
    it('come in the order in which they joined, page by page', async () => {
      const { id, alice } = await newGroup(store, ['alice']);
      const joined: UserId[] = [alice];
      for (const size of [1, 3, 2]) {
        clock.advance(1_000);
        const batch = times(size, (index) => newUser(`j${index}`)).toSorted();
        await store.addMembers(id, alice, batch);
        joined.push(...batch);
      }
      const seen: UserId[] = [];
      for (let after: { joinedAt: number; userId: UserId } | undefined; ; ) {
        const page = await other.members(id, { after, limit: 2 });
        seen.push(...page.map(({ userId }) => userId));
        after = page.at(-1);
        if (page.length < 2) break;
      }
      expect(seen).toEqual(joined);
      expect(await other.members('0'.repeat(24) as ConversationId, firstMembers)).toEqual([]);
    });

    it('are known by version', async () => {
      const { id, users, alice, bob, carol } = await newGroup(store);
      const stranger = newUser();
      expect(await other.membersAmong(id, [carol, stranger, alice])).toEqual({
        version: 1,
        large: false,
        users: [carol, alice],
        all: expect.arrayContaining(users),
      });
      await store.removeMember(id, alice, bob);
      const now = await other.membersAmong(id, []);
      expect(now).toEqual({ version: 2, large: false, users: [], all: expect.arrayContaining([alice, carol]) });
      expect(now?.all).toHaveLength(2);
      expect(await other.memberships(carol)).toEqual([{ conversationId: id, version: 2, large: false }]);
      for (const unknown of unknownIds) expect(await store.membersAmong(unknown, [alice])).toBeUndefined();
      expect(await store.memberships(stranger)).toEqual([]);
    });
  });

  describe('a large group', () => {
    it('stays large for ever once it had more members than a small one', async () => {
      const { id, alice } = await newGroup(store, ['alice']);
      const people = times(smallConversation, (index) => newUser(`p${index}`));
      await store.addMembers(id, alice, people.slice(1));
      expect(await other.membersAmong(id, [])).toMatchObject({ large: false });
      const grown = await store.addMembers(id, alice, people);
      expect(grown).toMatchObject({ conversation: { large: true, memberCount: smallConversation + 1 } });
      await store.removeMember(id, alice, pick(people, 0));
      await store.send(message(id, alice));
      const last = pick(people, 1);
      expect(await other.membersAmong(id, [last])).toMatchObject({ large: true, users: [last], all: null });
      expect(await other.memberships(last)).toMatchObject([{ large: true }]);
      const view = await other.view(id, last);
      expect(view).toMatchObject({
        conversation: { large: true, memberCount: smallConversation },
        own: { userId: last },
      });
      expect(view?.members).toHaveLength(smallConversation);
    });

    it('has a thousand members', async () => {
      const size = { full: 1_000, medium: 1_000, small: 60 }[data.scale];
      const creator = newUser();
      const others = times(size - 1, (index) => newUser(`p${index}`));
      const { view } = await store.createConversation({ type: 'group', creator, others, name: null });
      const { id } = view.conversation;
      expect(view).toMatchObject({ conversation: { memberCount: size, large: true } });
      const seen: UserId[] = [];
      for (let after: { joinedAt: number; userId: UserId } | undefined; ; ) {
        const page = await other.members(id, { after, limit: 100 });
        seen.push(...page.map(({ userId }) => userId));
        after = page.at(-1);
        if (page.length < 100) break;
      }
      expect(seen.toSorted()).toEqual([creator, ...others].toSorted());
      expect((await other.send(message(id, creator))).row).toMatchObject({ seq: 2, members: 1 });
      const more = times(smallConversation, (index) => newUser(`q${index}`));
      expect(await other.addMembers(id, creator, more)).toMatchObject({
        conversation: { memberCount: size + smallConversation },
      });
      const asked = [pick(more, 3), newUser(), pick(others, 5)];
      expect(await store.membersAmong(id, asked)).toEqual({
        version: 3,
        large: true,
        users: [asked[0], asked[2]],
        all: null,
      });
      expect(await store.viewsSince(pick(others, 7), 0, firstChanges)).toMatchObject({
        views: [{ conversation: { id } }],
        left: [],
      });
    });
  });
}
