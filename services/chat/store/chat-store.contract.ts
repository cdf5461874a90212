import { expect, it } from 'vitest';
import { prepareTwoInstances } from '#shared/store/two-instances.fixture.ts';
import { eventually } from '#test/eventually.ts';
import {
  firstChanges,
  firstMembers,
  firstViews,
  message,
  newest,
  newGroup,
  type StoreUnderTest,
  times,
} from './chat-store.fixture.ts';
import type { ChatStore } from './chat-store.ts';
import { describeConversations } from './chat-store-conversations.contract.ts';
import { describeLists } from './chat-store-lists.contract.ts';
import { describeMemberships } from './chat-store-memberships.contract.ts';
import { describeOutbox } from './chat-store-outbox.contract.ts';
import { describeOwnership } from './chat-store-ownership.contract.ts';
import { describeRows } from './chat-store-rows.contract.ts';
import { describeSends } from './chat-store-sends.contract.ts';

const manyOf = { full: 50, medium: 30, small: 8 };

/** Everything that the port promises, on two instances over the same data. */
export function describeChatStore(make: () => Promise<StoreUnderTest>): void {
  const used = prepareTwoInstances<ChatStore, StoreUnderTest>(make);
  const { clock } = used;

  const suite = () => ({ ...used, many: manyOf[used.data.scale] });
  // First those that lease what is pending in the whole database: the others leave ever more of it behind.
  describeOutbox(suite);
  describeSends(suite);
  describeRows(suite);
  describeConversations(suite);
  describeMemberships(suite);
  describeOwnership(suite);
  describeLists(suite);

  it('has one epoch for all instances, until a new one begins', async () => {
    const { store, other } = used;
    const [mine, theirs] = await Promise.all([store.epoch(), other.epoch()]);
    expect(mine).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
    expect(theirs).toBe(mine);
    const next = await other.newEpoch();
    expect(next).not.toBe(mine);
    expect(await other.epoch()).toBe(next);
    await eventually(async () => {
      clock.advance(1_000);
      return (await store.epoch()) === next ? undefined : 'the other instance is still in the old epoch';
    });
  });

  it('finishes what was called before it is closed, and refuses what comes after', async () => {
    const { data, store } = used;
    const { id, alice, bob } = await newGroup(store);
    const closing = await data.open(clock);
    await eventually(() => closing.ping().then(() => undefined));
    const sends = times(5, () => closing.send(message(id, alice)));
    await closing.close();
    expect((await Promise.all(sends)).map(({ created }) => created)).toEqual(times(5, () => true));
    const rowId = '0'.repeat(24);
    for (const call of [
      () => closing.send(message(id, alice)),
      () => closing.createConversation({ type: 'group', creator: alice, others: [bob], name: null }),
      () => closing.rename(id, alice, 'x'),
      () => closing.addMembers(id, alice, [bob]),
      () => closing.removeMember(id, alice, bob),
      () => closing.setRole(id, alice, bob, 'admin'),
      () => closing.edit(rowId, 'x'),
      () => closing.delete(rowId),
      () => closing.message(rowId),
      () => closing.view(id, alice),
      () => closing.views(alice, firstViews),
      () => closing.viewsSince(alice, 0, firstChanges),
      () => closing.members(id, firstMembers),
      () => closing.membersAmong(id, [alice]),
      () => closing.memberships(alice),
      () => closing.placesSince([alice], 0),
      () => closing.list(id, newest),
      () => closing.heads([id]),
      () => closing.changes(id, 0, 1),
      () => closing.markRead(id, alice, 1),
      () => closing.leasePending({ pendingSince: 1, leaseMs: 1, limit: 1 }),
      () => closing.published({ id: rowId, conversationId: id, seq: 1 }),
      () => closing.purge({ deletedBefore: 0 }),
      () => closing.ping(),
    ]) {
      await expect(call(), String(call)).rejects.toMatchObject({ name: 'PlatformError', code: 'unavailable' });
    }
    expect(await store.heads([id])).toEqual([{ seq: 6, number: 6, members: 1 }]);
  });
}
