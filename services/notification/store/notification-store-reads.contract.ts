import { beforeAll, describe, expect, it } from 'vitest';
import { unreadCap } from '#shared/contract/notification-dto.ts';
import {
  newUser,
  notification,
  pick,
  type StoreSuite,
  type StoreUnderTest,
  type TestClock,
  times,
} from './notification-store.fixture.ts';
import type { NotificationStore } from './notification-store.ts';

const dayMs = 24 * 3_600_000;

/** What readers see, and for how long. */
export function describeStoreReads(suite: () => StoreSuite): void {
  let data: StoreUnderTest;
  let store: NotificationStore;
  let other: NotificationStore;
  let clock: TestClock;
  let many: number;

  beforeAll(() => {
    ({ data, store, other, clock, many } = suite());
  });

  describe('list and count', () => {
    it('show the newest first, page by page, archived ones apart', async () => {
      const alice = newUser();
      const rows = await Promise.all(times(7, () => store.append(notification(alice))));
      await store.readAll(alice);
      await store.change(alice, pick(rows, 2).row.id, 'archive');
      await store.change(alice, pick(rows, 4).row.id, 'delete');
      const numbers = async (page: Parameters<NotificationStore['list']>[1]) =>
        (await other.list(alice, page)).map(({ number }) => number);
      expect(await numbers({ archived: false, offset: 0, limit: 3 })).toEqual([7, 6, 4]);
      expect(await numbers({ archived: false, offset: 3, limit: 3 })).toEqual([2, 1]);
      expect(await numbers({ archived: true, offset: 0, limit: 3 })).toEqual([3]);
    });

    it('count what is neither read, archived nor deleted', async () => {
      const alice = newUser();
      const rows = await Promise.all(times(5, () => store.append(notification(alice))));
      for (const [index, change] of (['read', 'archive', 'delete'] as const).entries()) {
        await store.change(alice, pick(rows, index).row.id, change);
      }
      expect(await other.countUnread(alice)).toEqual({ count: 2, capped: false });
      await store.change(alice, pick(rows, 1).row.id, 'unarchive');
      expect(await other.countUnread(alice)).toEqual({ count: 3, capped: false });
    });

    it('stop counting at the cap', async (context) => {
      context.skip(data.scale === 'small', 'the server is slow');
      const alice = newUser();
      await Promise.all(times(unreadCap, () => store.append(notification(alice))));
      expect(await store.countUnread(alice)).toEqual({ count: unreadCap, capped: false });
      await store.append(notification(alice));
      expect(await store.countUnread(alice)).toEqual({ count: unreadCap, capped: true });
    });
  });

  describe('feed', () => {
    it('of nobody is empty', async () => {
      const head = { seq: 0, number: 0 };
      expect(await store.changes(newUser(), 0, 10)).toEqual({ rows: [], through: 0, head, reload: false });
      expect(await store.changes(newUser(), 1, 10)).toEqual({ rows: [], through: 0, head, reload: true });
    });

    it('reads on from anywhere and says how far', async () => {
      const alice = newUser();
      const rows = await Promise.all(times(5, () => store.append(notification(alice))));
      await store.change(alice, pick(rows, 0).row.id, 'read');
      const seqs = async (after: number, limit: number) => {
        const feed = await other.changes(alice, after, limit);
        expect(feed.head).toEqual({ seq: 6, number: 5 });
        return { seqs: feed.rows.map(({ seq }) => seq), through: feed.through, reload: feed.reload };
      };
      expect(await seqs(0, 2)).toEqual({ seqs: [2, 3], through: 3, reload: false });
      expect(await seqs(1, 2)).toEqual({ seqs: [2, 3], through: 3, reload: false });
      expect(await seqs(3, 3)).toEqual({ seqs: [4, 5, 6], through: 6, reload: false });
      expect(await seqs(6, 2)).toEqual({ seqs: [], through: 6, reload: false });
      expect(await seqs(7, 2)).toEqual({ seqs: [], through: 6, reload: true });
    });

    it('reads the end of a long stream', async (context) => {
      context.skip(data.scale === 'small', 'the server is slow');
      const alice = newUser();
      const length = 10_000;
      await Promise.all(times(length, () => store.append(notification(alice))));
      const { rows, through } = await store.changes(alice, length - 3, 200);
      expect(rows.map(({ seq }) => seq)).toEqual([length - 2, length - 1, length]);
      expect(through).toBe(length);
      expect(await store.heads([alice])).toEqual([{ seq: length, number: length }]);
    });

    it('gives heads in the order of the question', async () => {
      const [alice, bob] = [newUser(), newUser()];
      await store.append(notification(alice));
      expect(await store.heads([bob, alice, bob])).toEqual([
        { seq: 0, number: 0 },
        { seq: 1, number: 1 },
        { seq: 0, number: 0 },
      ]);
    });
  });

  describe('purge', () => {
    it('removes old tombstones and makes older readers reload', async () => {
      const alice = newUser();
      const [first, second, third] = await Promise.all(times(3, () => store.append(notification(alice))));
      await store.change(alice, first?.row.id ?? '', 'delete');
      clock.advance(2 * dayMs);
      await store.change(alice, second?.row.id ?? '', 'delete');
      await store.change(alice, third?.row.id ?? '', 'read');
      expect((await store.purge({ deletedBefore: clock.now() - dayMs })).removed).toBeGreaterThanOrEqual(1);
      expect((await store.changes(alice, 4, 10)).rows.map(({ seq }) => seq)).toEqual([5, 6]);
      expect(await store.changes(alice, 3, 10)).toEqual({
        rows: [],
        through: 6,
        head: { seq: 6, number: 3 },
        reload: true,
      });
      expect(await store.changes(alice, 0, 10)).toMatchObject({ reload: false, through: 6 });
      expect(await store.changes(alice, 3, 10, 4)).toMatchObject({ reload: false, through: 6 });
      expect(await store.changes(alice, 3, 10, 3)).toMatchObject({ reload: true });
    });

    it('never removes the newest row, so that no number is used twice', async () => {
      const alice = newUser();
      const { row } = await store.append(notification(alice));
      await store.change(alice, row.id, 'delete');
      clock.advance(2 * dayMs);
      await store.purge({ deletedBefore: clock.now() });
      expect(await other.heads([alice])).toEqual([{ seq: 2, number: 1 }]);
      expect((await other.append(notification(alice))).row).toMatchObject({ seq: 3, number: 2 });
      await store.purge({ deletedBefore: clock.now() });
      expect((await other.changes(alice, 0, 10)).rows.map(({ seq }) => seq)).toEqual([3]);
      expect((await other.append(notification(alice))).row).toMatchObject({ seq: 4, number: 3 });
    });

    it('may run on two instances at once', async () => {
      const users = times(many, () => newUser());
      for (const user of users) {
        const { row } = await store.append(notification(user));
        await store.change(user, row.id, 'delete');
        await store.append(notification(user));
      }
      clock.advance(2 * dayMs);
      await Promise.all([store.purge({ deletedBefore: clock.now() }), other.purge({ deletedBefore: clock.now() })]);
      for (const user of users) {
        expect((await store.changes(user, 0, 10)).rows.map(({ seq }) => seq)).toEqual([3]);
        expect((await store.changes(user, 1, 10)).reload).toBe(true);
        expect((await store.changes(user, 2, 10)).reload).toBe(false);
      }
    });
  });
}
