import { beforeAll, describe, expect, it } from 'vitest';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import type { ConversationView } from '../domain/conversation.ts';
import {
  firstChanges,
  firstViews,
  message,
  newGroup,
  newUser,
  type StoreSuite,
  type StoreUnderTest,
  type TestClock,
} from './chat-store.fixture.ts';
import type { ChatStore, SincePageAnswer, ViewsPage } from './chat-store.ts';

/** A user's conversations: all of them, and those that changed. */
export function describeLists(suite: () => StoreSuite): void {
  let data: StoreUnderTest;
  let store: ChatStore;
  let other: ChatStore;
  let clock: TestClock;

  beforeAll(() => {
    ({ data, store, other, clock } = suite());
  });

  const idOf = ({ conversation }: ConversationView) => conversation.id;

  async function groupsOf(user: UserId, count: number): Promise<ConversationId[]> {
    const views: ConversationView[] = [];
    for (let index = 0; index < count; index += 1) {
      const group = { type: 'group' as const, creator: user, others: [newUser('bob')], name: `${index}` };
      views.push((await store.createConversation(group)).view);
    }
    return views.map(idOf);
  }

  async function allViews(user: UserId, limit: number): Promise<ConversationView[]> {
    const all: ConversationView[] = [];
    for (let before: ViewsPage['before']; ; ) {
      const page = await other.views(user, { before, limit });
      all.push(...page);
      const last = page.at(-1)?.conversation;
      if (page.length < limit || !last) return all;
      before = { lastMessageAt: last.lastMessageAt, id: last.id };
    }
  }

  async function allSince(user: UserId, since: number, limit: number) {
    const answers: SincePageAnswer[] = [];
    for (let after: SincePageAnswer['next']; ; ) {
      const answer = await other.viewsSince(user, since, { after, limit });
      expect(answer.views.length + answer.left.length).toBeLessThanOrEqual(limit);
      answers.push(answer);
      after = answer.next;
      if (!after) break;
    }
    return { views: answers.flatMap(({ views }) => views), left: answers.flatMap(({ left }) => left) };
  }

  describe('views', () => {
    it('come by their newest message, then by id, page by page', async () => {
      const alice = newUser();
      const [a = '', b = '', c = '', d = ''] = await groupsOf(alice, 4);
      clock.advance(1_000);
      await store.send(message(b as ConversationId, alice));
      clock.advance(1_000);
      await other.send(message(a as ConversationId, alice));
      const expected = [a, b, ...[c, d].toSorted()];
      for (const limit of [1, 2, 3, 10]) expect((await allViews(alice, limit)).map(idOf)).toEqual(expected);
      expect((await allViews(alice, 10))[0]).toEqual(await store.view(a as ConversationId, alice));
      expect(await store.views(newUser(), firstViews)).toEqual([]);
    });

    it('hold a thousand conversations', async () => {
      const alice = newUser();
      const count = { full: 1_000, medium: 150, small: 12 }[data.scale];
      const ids = await groupsOf(alice, count);
      const views = await allViews(alice, 50);
      expect(views.map(idOf)).toEqual(ids.toSorted());
      expect(await other.memberships(alice)).toHaveLength(count);
      expect((await allSince(alice, 0, 50)).views.map(idOf).toSorted()).toEqual(ids.toSorted());
    });
  });

  describe('viewsSince', () => {
    it('tells what changed: messages, names, members, roles, the own read position', async () => {
      const alice = newUser();
      const ids = await groupsOf(alice, 6);
      const [quiet = '', sent = '', renamed = '', added = '', role = '', read = ''] = ids as ConversationId[];
      expect((await allSince(alice, 0, 10)).views.map(idOf).toSorted()).toEqual(ids.toSorted());
      const since = await later();
      const bob = (await store.view(role as ConversationId, alice))?.members.find(({ userId }) => userId !== alice);
      await store.send(message(sent as ConversationId, alice));
      await store.rename(renamed as ConversationId, alice, 'new');
      await store.addMembers(added as ConversationId, alice, [newUser()]);
      await store.setRole(role as ConversationId, alice, bob?.userId ?? alice, 'admin');
      const reading = await store.view(read as ConversationId, alice);
      const reader = reading?.members.find(({ userId }) => userId !== alice)?.userId ?? alice;
      await store.markRead(read as ConversationId, reader, 1);
      const changed = await allSince(alice, since, 2);
      expect(new Set(changed.views.map(idOf))).toEqual(new Set([sent, renamed, added, role]));
      expect(changed.left).toEqual([]);
      expect((await allSince(reader, since, 2)).views.map(idOf)).toEqual([read]);
      expect(changed.views.map(idOf)).not.toContain(quiet);
      expect((await allSince(alice, await later(), 2)).views).toEqual([]);
    });

    it('tells of conversations that were left, until the user is in again', async () => {
      const alice = newUser();
      const bob = newUser('bob');
      const ids: ConversationId[] = [];
      for (const name of ['1', '2', '3']) {
        const { view } = await store.createConversation({ type: 'group', creator: alice, others: [bob], name });
        ids.push(view.conversation.id);
      }
      const [kept = '', left = '', back = ''] = ids as ConversationId[];
      const since = await later();
      await store.removeMember(left as ConversationId, alice, bob);
      await store.removeMember(back as ConversationId, alice, bob);
      await store.addMembers(back as ConversationId, alice, [bob]);
      for (const limit of [1, 2, 10]) {
        const changed = await allSince(bob, since, limit);
        expect(changed.views.map(idOf)).toEqual([back]);
        expect(changed.left).toEqual([left]);
      }
      await store.send(message(left as ConversationId, alice));
      const after = await later();
      await store.send(message(left as ConversationId, alice));
      expect(await allSince(bob, after, 10)).toEqual({ views: [], left: [] });
      expect((await allSince(bob, 0, 10)).views.map(idOf).toSorted()).toEqual([kept, back].toSorted());
    });

    it('goes through changes of one and the same moment, page by page', async () => {
      const alice = newUser();
      const ids = await groupsOf(alice, 7);
      const gone = ids.slice(0, 3);
      await Promise.all(gone.map((id) => store.removeMember(id, alice, alice)));
      for (const limit of [1, 2, 3]) {
        const { views, left } = await allSince(alice, 0, limit);
        expect(views.map(idOf).toSorted()).toEqual(ids.slice(3).toSorted());
        expect(left.toSorted()).toEqual(gone.toSorted());
      }
    });

    it('goes by one clock, which is the store’s', async () => {
      const { id, alice } = await newGroup(store);
      const before = await other.now();
      await store.send(message(id, alice));
      const { views } = await other.viewsSince(alice, before, firstChanges);
      expect(views.map(idOf)).toEqual([id]);
    });
  });

  describe('placesSince', () => {
    const placesSince = async (since: number, ...users: UserId[]) =>
      new Set(
        (await other.placesSince(users, since)).map(
          ({ userId, conversationId, isIn }) => `${userId} ${isIn ? 'in' : 'out of'} ${conversationId}`,
        ),
      );

    it('tells who came in, with a conversation, added or back, and who went out, and nothing of the others', async () => {
      const { id: old, alice, bob, carol } = await newGroup(store);
      await store.removeMember(old, alice, carol);
      const since = await later();
      const [dave, erin] = [newUser('dave'), newUser('erin')];
      const group = { type: 'group' as const, creator: dave, others: [bob], name: null };
      const made = idOf((await store.createConversation(group)).view);
      await store.addMembers(old, alice, [dave, carol]);
      expect(await placesSince(since, alice, bob, carol, dave, erin)).toEqual(
        new Set([`${bob} in ${made}`, `${carol} in ${old}`, `${dave} in ${made}`, `${dave} in ${old}`]),
      );
      expect(await placesSince(since, alice, erin)).toEqual(new Set());
      expect(await placesSince(since)).toEqual(new Set());
      await store.removeMember(old, alice, dave);
      expect(await placesSince(since, dave)).toEqual(new Set([`${dave} in ${made}`, `${dave} out of ${old}`]));
      expect(await placesSince(await later(), dave, carol)).toEqual(new Set());
    });

    it('looks for thousands with one call', async () => {
      const { id, alice, bob } = await newGroup(store);
      const crowd = Array.from({ length: 2_000 }, (_, index) => newUser(`n${index}`));
      expect(await placesSince(0, ...crowd, bob, alice)).toEqual(new Set([`${alice} in ${id}`, `${bob} in ${id}`]));
    });
  });

  /** A time of the store's clock after everything that was written. */
  async function later(): Promise<number> {
    const now = await store.now();
    clock.advance(1);
    for (;;) {
      const next = await store.now();
      if (next > now) return next;
    }
  }
}
