import { beforeAll, describe, expect, it } from 'vitest';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import { firstMembers, newGroup, newUser, pick, type StoreSuite, type TestClock } from './chat-store.fixture.ts';
import type { ChatStore } from './chat-store.ts';

/** A group that has people has an owner, whatever its owners do to each other at one instant. */
export function describeOwnership(suite: () => StoreSuite): void {
  let store: ChatStore;
  let other: ChatStore;
  let clock: TestClock;

  beforeAll(() => {
    ({ store, other, clock } = suite());
  });

  /** Two owners, the first longer in than the second, and others after them. */
  async function groupOfTwoOwners(people: readonly string[] = []) {
    const { id, alice } = await newGroup(store, ['alice']);
    const [bob, ...others] = [newUser('bob'), ...people.map((name) => newUser(name))];
    for (const user of [bob, ...others]) {
      clock.advance(1_000);
      await store.addMembers(id, alice, [user]);
    }
    await store.setRole(id, alice, bob, 'owner');
    return { id, alice, bob, others };
  }

  async function roles(id: ConversationId): Promise<readonly (readonly [UserId, string])[]> {
    return (await other.members(id, firstMembers)).map(({ userId, role }) => [userId, role]);
  }

  const owners = async (id: ConversationId) =>
    (await roles(id)).filter(([, role]) => role === 'owner').map(([user]) => user);

  describe('the last owner', () => {
    it('who is demoted hands the ownership on to the highest in rank, the longest-standing first', async () => {
      const { id, alice, bob, others } = await groupOfTwoOwners(['carol', 'dave']);
      const dave = pick(others, 1);
      await store.setRole(id, alice, dave, 'admin');
      await store.setRole(id, alice, bob, 'member');
      expect(await owners(id)).toEqual([alice]);
      expect(await store.setRole(id, bob, alice, 'member')).toMatchObject({ row: { system: { action: 'role' } } });
      expect(await owners(id)).toEqual([dave]);
    });

    it('keeps it where nobody is above him then', async () => {
      const { id, alice, bob } = await groupOfTwoOwners(['carol']);
      await store.setRole(id, alice, bob, 'member');
      await store.setRole(id, bob, alice, 'admin');
      expect((await roles(id)).slice(0, 2)).toEqual([
        [alice, 'owner'],
        [bob, 'member'],
      ]);
    });

    it('who is removed by one that was an owner a moment ago leaves it to the others', async () => {
      const { id, alice, bob, others } = await groupOfTwoOwners(['carol']);
      await store.removeMember(id, alice, bob);
      await store.removeMember(id, bob, alice);
      expect(await roles(id)).toEqual([[pick(others, 0), 'owner']]);
    });
  });

  describe('at one instant', () => {
    const orders = [
      ['one instance', 0, 0],
      ['two instances, the older owner first', 0, 1],
      ['two instances, the newer owner first', 1, 0],
    ] as const;
    const at = (index: number) => pick([store, other], index);

    it.each(orders)('two owners who demote each other leave one: %s', async (_what, first, second) => {
      for (const role of ['member', 'admin'] as const) {
        const { id, alice, bob } = await groupOfTwoOwners(['carol']);
        const calls = [() => at(first).setRole(id, alice, bob, role), () => at(second).setRole(id, bob, alice, role)];
        await Promise.all((first > second ? calls.toReversed() : calls).map((call) => call()));
        expect(await owners(id)).toHaveLength(1);
      }
    });

    it.each(orders)('two owners who remove each other leave one: %s', async (_what, first, second) => {
      const { id, alice, bob, others } = await groupOfTwoOwners(['carol', 'dave']);
      const calls = [() => at(first).removeMember(id, alice, bob), () => at(second).removeMember(id, bob, alice)];
      await Promise.all((first > second ? calls.toReversed() : calls).map((call) => call()));
      expect(await roles(id)).toEqual([
        [pick(others, 0), 'owner'],
        [pick(others, 1), 'member'],
      ]);
    });

    it.each(orders)('an owner who leaves and demotes the other leaves one: %s', async (_what, first, second) => {
      const { id, alice, bob } = await groupOfTwoOwners(['carol']);
      const calls = [
        () => at(first).removeMember(id, alice, alice),
        () => at(second).setRole(id, alice, bob, 'member'),
      ];
      await Promise.all((first > second ? calls.toReversed() : calls).map((call) => call()));
      expect(await owners(id)).toHaveLength(1);
    });

    it.each(orders)(
      'one who leaves while he is made an owner takes nothing with him: %s',
      async (_what, first, second) => {
        const { id, alice, bob, others } = await groupOfTwoOwners(['carol', 'dave']);
        const [carol, dave] = [pick(others, 0), pick(others, 1)];
        await store.setRole(id, alice, bob, 'member');
        const calls = [
          () => at(first).setRole(id, alice, carol, 'owner'),
          () => at(second).removeMember(id, carol, carol),
          () => at(first).removeMember(id, alice, alice),
        ];
        await Promise.all((first > second ? calls.toReversed() : calls).map((call) => call()));
        expect(await roles(id)).toEqual([
          [bob, 'owner'],
          [dave, 'member'],
        ]);
      },
    );
  });
}
