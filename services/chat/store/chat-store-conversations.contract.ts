import { beforeAll, describe, expect, it } from 'vitest';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import {
  firstViews,
  message,
  newest,
  newGroup,
  newUser,
  pick,
  type StoreSuite,
  type TestClock,
  times,
} from './chat-store.fixture.ts';
import type { ChatStore } from './chat-store.ts';

/** How conversations begin, and what is told of one. */
export function describeConversations(suite: () => StoreSuite): void {
  let store: ChatStore;
  let other: ChatStore;
  let clock: TestClock;

  beforeAll(() => {
    ({ store, other, clock } = suite());
  });

  const pair = (creator: UserId, partner: UserId) => ({
    type: 'private' as const,
    creator,
    others: [partner],
    name: null,
  });

  describe('a group', () => {
    it('begins with a system message, its creator as owner and all others as members', async () => {
      const { id, alice, bob, carol } = await newGroup(store);
      const at = clock.now();
      const row = {
        kind: 'message',
        id: expect.stringMatching(/^[0-9a-f]{24}$/),
        conversationId: id,
        senderId: alice,
        type: 'system',
        content: expect.stringMatching(/./),
        system: { action: 'created' },
        clientMessageId: null,
        createdAt: at,
        editedAt: null,
        seq: 1,
        number: 1,
        members: 1,
      };
      expect(await other.list(id, newest)).toEqual([row]);
      const view = await other.view(id, bob);
      expect(view).toEqual({
        conversation: {
          id: expect.stringMatching(/^[0-9a-f]{24}$/),
          type: 'group',
          name: 'The group',
          createdAt: at,
          last: { senderId: alice, content: row.content, type: 'system' },
          lastMessageAt: at,
          head: { seq: 1, number: 1, members: 1 },
          memberCount: 3,
          large: false,
        },
        members: expect.arrayContaining([
          { userId: alice, role: 'owner', joinedAt: at, readThrough: 1 },
          { userId: bob, role: 'member', joinedAt: at, readThrough: 0 },
          { userId: carol, role: 'member', joinedAt: at, readThrough: 0 },
        ]),
        own: { userId: bob, role: 'member', joinedAt: at, readThrough: 0 },
      });
      expect(view?.members).toHaveLength(3);
    });

    it('is always a new one', async () => {
      const [creator, bob] = [newUser(), newUser('bob')];
      const group = { type: 'group' as const, creator, others: [bob], name: null };
      const [first, second] = await Promise.all([store.createConversation(group), other.createConversation(group)]);
      expect([first.created, second.created]).toEqual([true, true]);
      expect(first.view.conversation.id).not.toBe(second.view.conversation.id);
      expect(first.view.conversation.name).toBeNull();
      expect(await store.views(bob, firstViews)).toHaveLength(2);
    });
  });

  describe('a private pair', () => {
    it('has one conversation, whoever asks and in whichever order', async () => {
      const [alice, bob, carol] = [newUser(), newUser('bob'), newUser('carol')];
      const first = await store.createConversation(pair(alice, bob));
      expect(first).toMatchObject({ created: true, view: { own: { userId: alice, role: 'member', readThrough: 1 } } });
      const again = await other.createConversation(pair(bob, alice));
      expect(again).toMatchObject({ created: false, row: first.row, view: { own: { userId: bob, role: 'member' } } });
      expect(again.view.conversation).toEqual(first.view.conversation);
      const foreign = await store.createConversation(pair(alice, carol));
      expect(foreign).toMatchObject({ created: true });
      expect(foreign.view.conversation.id).not.toBe(first.view.conversation.id);
    });

    it('has one conversation also when both ask many times at once', async () => {
      const [alice, bob] = [newUser(), newUser('bob')];
      const answers = await Promise.all(
        times(20, (index) => {
          const asked = index % 2 ? pair(alice, bob) : pair(bob, alice);
          return pick([store, other], Math.floor(index / 2)).createConversation(asked);
        }),
      );
      expect(new Set(answers.map(({ view }) => view.conversation.id)).size).toBe(1);
      expect(answers.filter(({ created }) => created)).toHaveLength(1);
      expect(new Set(answers.map(({ row }) => row.id)).size).toBe(1);
      const id = pick(answers, 0).view.conversation.id;
      expect(await store.heads([id])).toEqual([{ seq: 1, number: 1, members: 1 }]);
      expect(await store.views(alice, firstViews)).toHaveLength(1);
      expect(await store.views(bob, firstViews)).toHaveLength(1);
    });

    it('keeps pairs apart whose ids read alike when they are joined', async () => {
      const [a, b] = [newUser('a'), newUser('b')];
      const ids = new Set<string>();
      for (const [creator, partner] of [
        [a, b],
        [`${a}","${b}`, a],
        [`${a},${b}`, a],
        [`${a}\0${b}`, a],
      ] as [UserId, UserId][]) {
        const { view, created } = await store.createConversation(pair(creator, partner));
        expect(created).toBe(true);
        ids.add(view.conversation.id);
      }
      expect(ids.size).toBe(4);
    });

    it('takes whoever left it in again', async () => {
      const [alice, bob] = [newUser(), newUser('bob')];
      const { view } = await store.createConversation(pair(alice, bob));
      const { id } = view.conversation;
      await store.removeMember(id, bob, bob);
      expect(await store.view(id, bob)).toBeUndefined();
      expect(await other.createConversation(pair(alice, bob))).toMatchObject({
        created: false,
        view: { conversation: { id, memberCount: 2, head: { seq: 3, number: 3, members: 3 } } },
      });
      expect(await store.view(id, bob)).toMatchObject({ own: { userId: bob } });
    });
  });

  describe('rename', () => {
    it('writes a row and shows the new name', async () => {
      const { id, alice } = await newGroup(store);
      const changed = await store.rename(id, alice, 'Öther 😀');
      expect(changed).toMatchObject({
        conversation: { name: 'Öther 😀', head: { seq: 2, number: 2, members: 1 } },
        row: { senderId: alice, type: 'system', system: { action: 'renamed', name: 'Öther 😀' }, seq: 2, number: 2 },
      });
      expect((await other.view(id, alice))?.conversation).toEqual(changed?.conversation);
    });

    it('takes no seq when the name is that already, and knows no unknown conversation', async () => {
      const { id, alice } = await newGroup(store);
      expect(await store.rename(id, alice, 'The group')).toMatchObject({ row: undefined, conversation: { id } });
      expect(await store.heads([id])).toEqual([{ seq: 1, number: 1, members: 1 }]);
      for (const unknown of ['0'.repeat(24), '', '$ne', 'x']) {
        expect(await store.rename(unknown as ConversationId, alice, 'x')).toBeUndefined();
      }
    });

    // Several times: it is about what meets between two steps.
    it.each([1, 2, 3, 4, 5])('tells of each of many names in turn, time %i', async () => {
      const { id, alice } = await newGroup(store);
      await Promise.all(times(6, (index) => pick([store, other], index).rename(id, alice, `name ${index}`)));
      const rows = (await store.list(id, newest)).toReversed();
      expect(rows.map(({ number }) => number)).toEqual(times(rows.length, (index) => index + 1));
      expect(new Set(rows.slice(1).map(({ system }) => JSON.stringify(system))).size).toBe(6);
      const name = (await store.view(id, alice))?.conversation.name;
      expect(rows.at(-1)?.system).toEqual({ action: 'renamed', name });
    });
  });

  describe('view', () => {
    it('is for members only', async () => {
      const { id, alice } = await newGroup(store);
      expect(await store.view(id, newUser())).toBeUndefined();
      for (const unknown of ['0'.repeat(24), '', '{"$ne":null}', `${id}0`]) {
        expect(await store.view(unknown as ConversationId, alice)).toBeUndefined();
      }
      expect(await store.view(id, alice)).toMatchObject({ own: { userId: alice } });
    });

    it('shows the newest message that is left', async () => {
      const { id, alice, bob } = await newGroup(store);
      clock.advance(1_000);
      const first = await store.send(message(id, alice, { content: 'first' }));
      const firstAt = clock.now();
      clock.advance(1_000);
      const second = await other.send(message(id, bob, { content: 'second', type: 'image' }));
      const last = async () => (await store.view(id, alice))?.conversation;
      expect(await last()).toMatchObject({
        last: { senderId: bob, content: 'second', type: 'image' },
        lastMessageAt: clock.now(),
      });
      await other.edit(second.row.id, 'second, edited');
      await other.edit(first.row.id, 'first, edited');
      expect(await last()).toMatchObject({ last: { content: 'second, edited' }, head: { seq: 5, number: 3 } });
      await other.delete(second.row.id);
      expect(await last()).toMatchObject({
        last: { senderId: alice, content: 'first, edited', type: 'text' },
        lastMessageAt: firstAt,
        head: { seq: 6, number: 3 },
      });
      for (const row of await store.list(id, newest)) await store.delete(row.id);
      const bare = await last();
      expect(bare).toMatchObject({ last: null, lastMessageAt: bare?.createdAt });
      await store.send(message(id, alice, { content: 'third' }));
      expect(await last()).toMatchObject({ last: { content: 'third' }, head: { number: 4 } });
    });
  });
}
