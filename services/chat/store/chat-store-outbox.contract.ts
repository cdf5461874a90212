import { beforeAll, describe, expect, it } from 'vitest';
import type { ConversationId } from '#shared/contract/ids.ts';
import { message, newGroup, type StoreSuite, sendMany, type TestClock, times } from './chat-store.fixture.ts';
import type { ChatStore, PendingRow } from './chat-store.ts';

const leaseMs = 30_000;

/** What lies between the store and the bus. */
export function describeOutbox(suite: () => StoreSuite): void {
  let store: ChatStore;
  let other: ChatStore;
  let clock: TestClock;
  let many: number;

  beforeAll(() => {
    ({ store, other, clock, many } = suite());
  });

  /** Of this conversation: other tests leave theirs behind. */
  async function lease(from: ChatStore, id: ConversationId, pendingSince = clock.now()): Promise<PendingRow[]> {
    const rows = await from.leasePending({ pendingSince, leaseMs, limit: 100_000 });
    return rows.filter(({ conversationId }) => conversationId === id);
  }

  const seqs = (rows: readonly PendingRow[]) => rows.map(({ seq }) => seq);

  describe('outbox', () => {
    it('every row is pending until it is published', async () => {
      const { id, alice, bob } = await newGroup(store);
      await sendMany(store, id, alice, 2);
      await store.removeMember(id, alice, bob);
      expect(await lease(store, id)).toEqual([]);
      clock.advance(1);
      const rows = await lease(store, id);
      expect(seqs(rows)).toEqual([1, 2, 3, 4]);
      expect(rows.map(({ unsent }) => unsent)).toEqual([true, true, true, true]);
      await Promise.all(rows.slice(0, 3).map((row) => store.published(row)));
      clock.advance(leaseMs);
      expect(seqs(await lease(other, id))).toEqual([4]);
    });

    it('a lease is one sweeper’s until it ends', async () => {
      const { id, alice } = await newGroup(store);
      await sendMany(store, id, alice, many);
      clock.advance(1);
      const shares = await Promise.all(times(4, (index) => lease(index % 2 ? store : other, id)));
      const held = shares.flatMap(seqs);
      expect(held.toSorted((a, b) => a - b)).toEqual(times(many + 1, (index) => index + 1));
      clock.advance(leaseMs - 1);
      expect(await lease(other, id)).toEqual([]);
      clock.advance(1);
      expect(seqs(await lease(other, id))).toHaveLength(many + 1);
    });

    it('the oldest come first, and no more than asked for', async () => {
      const { id, alice } = await newGroup(store);
      clock.advance(1_000);
      await store.send(message(id, alice));
      clock.advance(1_000);
      await store.leasePending({ pendingSince: clock.now() - 2_000, leaseMs: 1, limit: 100_000 });
      const rows = await store.leasePending({ pendingSince: clock.now(), leaseMs, limit: 100_000 });
      expect(seqs(rows.filter(({ conversationId }) => conversationId === id))).toEqual([1, 2]);
      const fresh = await newGroup(store);
      await sendMany(store, fresh.id, fresh.alice, 5);
      clock.advance(leaseMs);
      expect(await other.leasePending({ pendingSince: clock.now(), leaseMs, limit: 3 })).toHaveLength(3);
    });

    it('a row that has moved on stays pending, and is new as long as no event told of it', async () => {
      const { id, alice } = await newGroup(store);
      const { row } = await store.send(message(id, alice));
      const edited = await store.edit(row.id, 'edited');
      expect(edited?.unsent).toBe(true);
      await other.published(row);
      clock.advance(1);
      const rows = await lease(store, id);
      expect(rows.map(({ seq, unsent }) => [seq, unsent])).toEqual([
        [1, true],
        [3, true],
      ]);
      await Promise.all(rows.map((leased) => store.published(leased)));
      const deleted = await other.delete(row.id);
      expect(deleted?.unsent).toBe(false);
      clock.advance(leaseMs);
      expect((await lease(store, id)).map(({ kind, seq, unsent }) => [kind, seq, unsent])).toEqual([
        ['deleted', 4, false],
      ]);
    });

    it('a change ends the lease on the state before it', async () => {
      const { id, alice } = await newGroup(store);
      const { row } = await store.send(message(id, alice));
      clock.advance(1);
      expect(seqs(await lease(store, id))).toEqual([1, 2]);
      await store.edit(row.id, 'edited');
      clock.advance(1);
      expect(seqs(await lease(other, id))).toEqual([3]);
    });

    it('what is unknown or published twice does no harm', async () => {
      const { id } = await newGroup(store);
      await store.published({ id: '0'.repeat(24), conversationId: id, seq: 1 });
      clock.advance(1);
      const rows = await lease(store, id);
      expect(seqs(rows)).toEqual([1]);
      await Promise.all(times(3, () => store.published(rows[0] ?? { id: '', conversationId: id, seq: 1 })));
      clock.advance(leaseMs);
      expect(await lease(store, id)).toEqual([]);
    });

    it('nothing is left of membership changes that were answered', async () => {
      const { id, alice, bob } = await newGroup(store);
      await store.removeMember(id, alice, bob);
      await store.addMembers(id, alice, [bob]);
      await store.rename(id, alice, 'new');
      const before = await store.heads([id]);
      const finished = await other.finishMemberships({ begunBefore: (await store.now()) + 60_000, limit: 1_000 });
      expect(finished.filter(({ conversation }) => conversation.id === id)).toEqual([]);
      expect(await store.heads([id])).toEqual(before);
    });
  });
}
