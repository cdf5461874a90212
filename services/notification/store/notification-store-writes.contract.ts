import { beforeAll, describe, expect, it } from 'vitest';
import type { StreamRow } from '../domain/notification-row.ts';
import {
  firstPage,
  newUser,
  notification,
  pick,
  type StoreSuite,
  type StoreUnderTest,
  type TestClock,
  times,
} from './notification-store.fixture.ts';
import type { NotificationStore } from './notification-store.ts';

/** What writes take, answer and leave. */
export function describeStoreWrites(suite: () => StoreSuite): void {
  let data: StoreUnderTest;
  let store: NotificationStore;
  let other: NotificationStore;
  let clock: TestClock;
  let many: number;

  beforeAll(() => {
    ({ data, store, other, clock, many } = suite());
  });

  describe('append', () => {
    it('takes the next seq and number and keeps every field', async () => {
      const alice = newUser();
      const event = notification(alice, { actorName: 'Bob 😀', actorAvatar: 'https://x/b.png', entityId: 'post-7' });
      const { row, created } = await store.append(event);
      expect(created).toBe(true);
      expect(row).toEqual({
        kind: 'notification',
        id: expect.stringMatching(/^[0-9a-f]{24}$/),
        recipientId: alice,
        actorId: 'bob',
        actorName: 'Bob 😀',
        actorAvatar: 'https://x/b.png',
        entityId: 'post-7',
        entityType: 'Post',
        type: 'Like',
        isRead: false,
        archived: false,
        createdAt: clock.now(),
        seq: 1,
        number: 1,
      });
      expect(await store.list(alice, firstPage)).toEqual([row]);
      expect((await store.append(notification(alice, { type: 'Reply', entityType: 'Comment' }))).row).toMatchObject({
        type: 'Reply',
        entityType: 'Comment',
        seq: 2,
        number: 2,
      });
    });

    it('keeps the streams of users apart, whatever their ids hold', async () => {
      const users = ['$where', 'a.b', 'é 😀', "'; DROP TABLE notification_rows; --", 'x'.repeat(200)].map((name) =>
        newUser(name),
      );
      await Promise.all(users.map((user) => store.append(notification(user))));
      for (const user of users) {
        const rows = await other.list(user, firstPage);
        expect(rows).toMatchObject([{ recipientId: user, seq: 1, number: 1 }]);
      }
    });

    it('keeps the order of the calls', async () => {
      const alice = newUser();
      const appended = await Promise.all(times(many, () => store.append(notification(alice))));
      expect(appended.map(({ row }) => row.number)).toEqual(times(many, (index) => index + 1));
    });

    it('answers the same message with the row of the first time', async () => {
      const alice = newUser();
      const event = notification(alice);
      const first = await store.append(event);
      const second = await other.append({ ...event, actorName: 'Somebody else' });
      expect(second).toEqual({ row: first.row, created: false });
      expect(await store.heads([alice])).toEqual([{ seq: 1, number: 1 }]);
      expect((await store.append(notification(alice))).row.number).toBe(2);
    });

    it('answers the same message with the latest state of its row, and never brings a deleted one back', async () => {
      const alice = newUser();
      const event = notification(alice);
      const { row } = await store.append(event);
      await store.readAll(alice);
      expect(await store.append(event)).toMatchObject({ created: false, row: { isRead: true, seq: 1 } });
      await store.change(alice, row.id, 'delete');
      expect(await store.append(event)).toEqual({
        created: false,
        row: { kind: 'deleted', id: row.id, seq: 3, number: 1 },
      });
      expect(await store.list(alice, firstPage)).toEqual([]);
    });

    it('stores a message once when many instances get it at the same time', async () => {
      const alice = newUser();
      const event = notification(alice);
      const answers = await Promise.all(
        times(many, (index) => (index % 2 ? store : other).append({ ...event, actorName: `Bob ${index}` })),
      );
      expect(answers.filter(({ created }) => created)).toHaveLength(1);
      expect(new Set(answers.map(({ row }) => row.id)).size).toBe(1);
      expect(await store.heads([alice])).toEqual([{ seq: 1, number: 1 }]);
    });

    it('stores a message once even when its copies name different recipients', async () => {
      const [alice, carol] = [newUser(), newUser()];
      const event = notification(alice);
      await store.append(event);
      expect(await store.append({ ...event, recipientId: carol })).toMatchObject({
        created: false,
        row: { recipientId: alice },
      });
      expect((await store.append(notification(carol))).row).toMatchObject({ seq: 1, number: 1 });
    });

    it('keeps what an import brings along', async () => {
      const alice = newUser();
      const imported = {
        id: '65a0c0ffee65a0c0ffee65a0',
        createdAt: Date.parse('2025-12-27T10:00:00.123Z'),
        isRead: true,
      };
      const { row } = await store.append({ ...notification(alice), imported });
      expect(row).toMatchObject({ ...imported, seq: 1, number: 1 });
      expect(await store.countUnread(alice)).toEqual({ count: 0, capped: false });
    });
  });

  describe('writers on one stream', () => {
    it('leave no gap, on several instances at once', async () => {
      const alice = newUser();
      const third = await data.open(clock);
      const stores = [store, other, third];
      await Promise.all(times(many, (index) => pick(stores, index).append(notification(alice))));
      await third.close();
      const { rows, head } = await store.changes(alice, 0, 1_000);
      expect(rows.map(({ seq }) => seq)).toEqual(times(many, (index) => index + 1));
      expect(rows.map(({ number }) => number)).toEqual(times(many, (index) => index + 1));
      expect(head).toEqual({ seq: many, number: many });
    });

    it('hide nothing from a reader that follows them by cursor', async () => {
      const alice = newUser();
      const stores = [store, other];
      let writing = true;
      const known = new Map<number, StreamRow>();
      const reader = (async () => {
        for (let after = 0, last = false; ; ) {
          const feed = await store.changes(alice, after, 7);
          expect(feed.reload).toBe(false);
          for (const row of feed.rows) {
            expect(row.seq).toBeGreaterThan(after);
            known.set(row.number, row);
          }
          after = feed.through;
          if (last && after === feed.head.seq) return;
          last = !writing;
          // An embedded store answers within the turn; the writers need turns too.
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
      await Promise.all(
        stores.map(async (mine, writer) => {
          for (let index = 0; index < many / 2; index += 1) {
            const { row } = await mine.append(notification(alice));
            await Promise.all([
              mine.change(alice, row.id, index % 2 ? 'read' : 'archive'),
              index % 5 === writer ? mine.readAll(alice) : pick(stores, writer + 1).change(alice, row.id, 'archive'),
            ]);
            if (index % 4 === 0) await mine.change(alice, row.id, 'delete');
          }
        }),
      );
      writing = false;
      await reader;
      const { rows, head } = await other.changes(alice, 0, 1_000);
      const states = (list: Iterable<StreamRow>) => [...list].sort((a, b) => a.seq - b.seq).map(withoutReadMark);
      expect(states(known.values())).toEqual(states(rows));
      expect(rows.at(-1)?.seq).toBe(head.seq);
      expect(Math.max(...rows.map(({ number }) => number))).toBe(head.number);
      expect(new Set(rows.map(({ number }) => number)).size).toBe(rows.length);
    });
  });

  describe('change', () => {
    it('gives each change of a row a seq of its own, whoever makes it', async () => {
      const { store, other, many } = suite();
      const alice = newUser();
      const { row } = await store.append(notification(alice));
      const changes = times(2 * many, (index) =>
        pick([store, other], index).change(alice, row.id, pick(['archive', 'unarchive'] as const, index >> 1)),
      );
      const made = (await Promise.all(changes)).filter((change) => change?.changed).map((change) => change?.row.seq);
      expect(made.length).toBeGreaterThan(0);
      expect(new Set(made).size).toBe(made.length);
    });

    it('moves the row to the head and keeps its number', async () => {
      const alice = newUser();
      const { row } = await store.append(notification(alice));
      await store.append(notification(alice));
      for (const [change, seq, state] of [
        ['read', 3, { isRead: true, archived: false }],
        ['archive', 4, { isRead: true, archived: true }],
        ['unarchive', 5, { isRead: true, archived: false }],
      ] as const) {
        const outcome = await store.change(alice, row.id, change);
        expect(outcome).toMatchObject({ changed: true, row: { id: row.id, seq, number: 1, ...state } });
        const { rows, head } = await other.changes(alice, 2, 10);
        expect(rows).toEqual([outcome?.row]);
        expect(head).toEqual({ seq, number: 2 });
      }
      expect((await store.append(notification(alice))).row).toMatchObject({ seq: 6, number: 3 });
    });

    it.each(['read', 'archive', 'unarchive'] as const)('that changes nothing takes no seq (%s)', async (change) => {
      const alice = newUser();
      const { row } = await store.append(notification(alice));
      await store.change(alice, row.id, change);
      const [before] = await store.heads([alice]);
      expect(await other.change(alice, row.id, change)).toMatchObject({ changed: false, row: { id: row.id } });
      expect(await store.heads([alice])).toEqual([before]);
    });

    it('takes one seq when many instances ask for it at the same time', async () => {
      const alice = newUser();
      const { row } = await store.append(notification(alice));
      const outcomes = await Promise.all(
        times(many, (index) => (index % 2 ? store : other).change(alice, row.id, 'read')),
      );
      expect(outcomes.filter((outcome) => outcome?.changed)).toHaveLength(1);
      expect(await store.heads([alice])).toEqual([{ seq: 2, number: 1 }]);
    });

    it('leaves a tombstone without contents when it deletes', async () => {
      const alice = newUser();
      const { row } = await store.append(notification(alice, { actorName: 'Secret name' }));
      const tombstone = { kind: 'deleted', id: row.id, seq: 2, number: 1 };
      expect(await store.change(alice, row.id, 'delete')).toEqual({ changed: true, row: tombstone });
      expect(await store.list(alice, firstPage)).toEqual([]);
      expect((await store.changes(alice, 0, 10)).rows).toEqual([tombstone]);
      for (const change of ['read', 'archive', 'unarchive', 'delete'] as const) {
        expect(await store.change(alice, row.id, change)).toBeUndefined();
      }
      expect(await store.heads([alice])).toEqual([{ seq: 2, number: 1 }]);
    });

    it('knows no foreign, unknown or malformed id', async () => {
      const [alice, bob] = [newUser(), newUser()];
      const { row } = await store.append(notification(alice));
      for (const change of ['read', 'archive', 'delete'] as const) {
        expect(await store.change(bob, row.id, change)).toBeUndefined();
        for (const id of ['0'.repeat(24), '', 'x', '1', '{"$ne":null}', `${row.id}0`, row.id.slice(1)]) {
          expect(await store.change(alice, id, change)).toBeUndefined();
        }
      }
      expect(await store.heads([alice, bob])).toEqual([
        { seq: 1, number: 1 },
        { seq: 0, number: 0 },
      ]);
      expect(await store.change(alice, row.id.toUpperCase(), 'read')).toMatchObject({ changed: true });
    });
  });

  describe('read-all', () => {
    it('is one mark that moves like a row', async () => {
      const alice = newUser();
      await Promise.all(times(3, () => store.append(notification(alice))));
      expect(await store.readAll(alice)).toEqual({
        changed: true,
        row: { kind: 'read', seq: 4, number: 0, readThrough: 3 },
      });
      expect(await store.heads([alice])).toEqual([{ seq: 4, number: 3 }]);
      expect(await store.countUnread(alice)).toEqual({ count: 0, capped: false });
      expect((await store.list(alice, firstPage)).map(({ isRead }) => isRead)).toEqual([true, true, true]);
      await other.append(notification(alice));
      expect(await other.countUnread(alice)).toEqual({ count: 1, capped: false });
      expect(await other.readAll(alice)).toMatchObject({ changed: true, row: { seq: 6, readThrough: 4 } });
      const { rows } = await store.changes(alice, 0, 10);
      expect(rows.map(({ seq, kind }) => [seq, kind])).toEqual([
        [1, 'notification'],
        [2, 'notification'],
        [3, 'notification'],
        [5, 'notification'],
        [6, 'read'],
      ]);
    });

    it('takes no seq when nothing is new, nor does reading a row that it covers', async () => {
      const alice = newUser();
      const { row } = await store.append(notification(alice));
      const mark = await store.readAll(alice);
      expect(await other.readAll(alice)).toEqual({ ...mark, changed: false });
      expect(await other.change(alice, row.id, 'read')).toMatchObject({ changed: false, row: { isRead: true } });
      expect(await store.heads([alice])).toEqual([{ seq: 2, number: 1 }]);
    });

    it('shows through every later change of a row that it covers', async () => {
      const alice = newUser();
      const { row } = await store.append(notification(alice));
      await store.readAll(alice);
      expect(await store.change(alice, row.id, 'archive')).toMatchObject({ row: { isRead: true, archived: true } });
    });

    it('of an empty stream is nothing', async () => {
      const alice = newUser();
      expect(await store.readAll(alice)).toBeUndefined();
      expect(await store.heads([alice])).toEqual([{ seq: 0, number: 0 }]);
    });

    it('is one mark when many instances set it at the same time', async () => {
      const alice = newUser();
      await store.append(notification(alice));
      const marks = await Promise.all(times(many, (index) => (index % 2 ? store : other).readAll(alice)));
      expect(marks.filter((mark) => mark?.changed)).toHaveLength(1);
      expect(await store.heads([alice])).toEqual([{ seq: 2, number: 1 }]);
    });
  });
}

/** A reader that met a row before the mark moved knows it as unread; it learns of the mark itself. */
function withoutReadMark(row: StreamRow): StreamRow {
  return row.kind === 'notification' ? { ...row, isRead: true } : row;
}
