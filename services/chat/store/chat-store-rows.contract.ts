import { beforeAll, describe, expect, it } from 'vitest';
import type { ConversationId } from '#shared/contract/ids.ts';
import type { ChatRow } from '../domain/message-row.ts';
import {
  message,
  newest,
  newGroup,
  newUser,
  pick,
  readAll,
  type StoreSuite,
  type StoreUnderTest,
  sendMany,
  type TestClock,
  times,
} from './chat-store.fixture.ts';
import type { ChatStore } from './chat-store.ts';

const dayMs = 24 * 3_600_000;
const noIds = ['0'.repeat(24), '', 'x', '1', '{"$ne":null}'];

/** How messages change, and how readers follow. */
export function describeRows(suite: () => StoreSuite): void {
  let data: StoreUnderTest;
  let store: ChatStore;
  let other: ChatStore;
  let clock: TestClock;
  let many: number;

  beforeAll(() => {
    ({ data, store, other, clock, many } = suite());
  });

  describe('edit', () => {
    it('moves the row to the head and keeps its number', async () => {
      const { id, alice } = await newGroup(store);
      const [first] = await sendMany(store, id, alice, 2);
      clock.advance(1_000);
      const edited = await other.edit(first?.id ?? '', 'edited');
      expect(edited).toMatchObject({
        changed: true,
        row: { ...first, content: 'edited', editedAt: clock.now(), seq: 4, number: 2 },
        conversation: { head: { seq: 4, number: 3, members: 1 }, last: { content: 'text 1' } },
      });
      expect((await store.changes(id, 3, 10)).rows).toEqual([edited?.row]);
      expect(await store.message(first?.id.toUpperCase() ?? '')).toEqual(edited?.row);
      expect((await store.send(message(id, alice))).row).toMatchObject({ seq: 5, number: 4 });
    });

    it('that changes nothing takes no seq, nor does one of what is unknown or deleted', async () => {
      const { id, alice } = await newGroup(store);
      const { row } = await store.send(message(id, alice, { content: 'same' }));
      expect(await other.edit(row.id, 'same')).toMatchObject({
        changed: false,
        row,
        conversation: { head: { seq: 2 } },
      });
      await store.delete(row.id);
      for (const unknown of [...noIds, `${row.id}0`, row.id]) expect(await other.edit(unknown, 'x')).toBeUndefined();
      expect(await store.heads([id])).toEqual([{ seq: 3, number: 2, members: 1 }]);
    });

    it('is made once when many instances ask for it at the same time', async () => {
      const { id, alice } = await newGroup(store);
      const { row } = await store.send(message(id, alice));
      const answers = await Promise.all(times(many, (index) => pick([store, other], index).edit(row.id, 'edited')));
      expect(answers.filter((answer) => answer?.changed)).toHaveLength(1);
      expect(await store.heads([id])).toEqual([{ seq: 3, number: 2, members: 1 }]);
    });
  });

  it('each of many changes of one row takes a seq of its own', async () => {
    const { id, alice } = await newGroup(store);
    const { row } = await store.send(message(id, alice));
    const answers = await Promise.all(
      times(many, (index) => pick([store, other], index).edit(row.id, `edited ${index}`)),
    );
    const seqs = answers.map((answer) => answer?.row.seq ?? 0).toSorted((a, b) => a - b);
    expect(seqs).toEqual(times(many, (index) => index + 3));
    expect(await store.heads([id])).toEqual([{ seq: many + 2, number: 2, members: 1 }]);
  });

  describe('delete', () => {
    it('leaves a tombstone without contents at the head', async () => {
      const { id, alice } = await newGroup(store);
      const { row } = await store.send(message(id, alice, { content: 'secret' }));
      const deleted = await other.delete(row.id);
      const { conversationId, senderId, type, createdAt, number, members } = row;
      const tombstone = {
        kind: 'deleted',
        id: row.id,
        conversationId,
        senderId,
        type,
        createdAt,
        number,
        members,
        seq: 3,
      };
      expect(deleted).toMatchObject({ changed: true, row: tombstone });
      expect(deleted?.row).toEqual(tombstone);
      expect(await store.message(row.id)).toEqual(tombstone);
      expect((await store.changes(id, 0, 10)).rows.at(-1)).toEqual(tombstone);
      expect((await store.list(id, newest)).map((entry) => entry.number)).toEqual([1]);
      expect(await store.delete(row.id)).toMatchObject({ changed: false, row: tombstone });
      for (const unknown of noIds) expect(await store.delete(unknown)).toBeUndefined();
      expect(await store.heads([id])).toEqual([{ seq: 3, number: 2, members: 1 }]);
    });
  });

  describe('list', () => {
    it('shows the newest first, page by page, without deleted ones', async () => {
      const { id, alice } = await newGroup(store);
      const rows = await sendMany(store, id, alice, 6);
      await store.delete(pick(rows, 3).id);
      await store.edit(pick(rows, 0).id, 'edited');
      const numbers = async (before: number | undefined) =>
        (await other.list(id, { before, limit: 3 })).map(({ number }) => number);
      expect(await numbers(undefined)).toEqual([7, 6, 4]);
      expect(await numbers(4)).toEqual([3, 2, 1]);
      expect(await numbers(1)).toEqual([]);
      expect(await other.list('0'.repeat(24) as ConversationId, newest)).toEqual([]);
    });

    it('knows a message by its id only', async () => {
      for (const unknown of noIds) expect(await store.message(unknown)).toBeUndefined();
    });
  });

  describe('feed', () => {
    it('of no conversation is empty', async () => {
      const head = { seq: 0, number: 0, members: 0 };
      for (const unknown of noIds as ConversationId[]) {
        expect(await store.changes(unknown, 0, 10)).toEqual({ rows: [], through: 0, head, reload: false });
        expect(await store.changes(unknown, 1, 10)).toEqual({ rows: [], through: 0, head, reload: true });
      }
    });

    it('reads on from anywhere and says how far', async () => {
      const { id, alice, bob } = await newGroup(store);
      const rows = await sendMany(store, id, alice, 4);
      await store.edit(pick(rows, 0).id, 'edited');
      await store.removeMember(id, alice, bob);
      const seqs = async (after: number, limit: number) => {
        const feed = await other.changes(id, after, limit);
        expect(feed.head).toEqual({ seq: 7, number: 6, members: 7 });
        return { seqs: feed.rows.map(({ seq }) => seq), through: feed.through, reload: feed.reload };
      };
      expect(await seqs(0, 3)).toEqual({ seqs: [1, 3, 4], through: 4, reload: false });
      expect(await seqs(2, 2)).toEqual({ seqs: [3, 4], through: 4, reload: false });
      expect(await seqs(4, 3)).toEqual({ seqs: [5, 6, 7], through: 7, reload: false });
      expect(await seqs(7, 2)).toEqual({ seqs: [], through: 7, reload: false });
      expect(await seqs(8, 2)).toEqual({ seqs: [], through: 7, reload: true });
      expect((await other.changes(id, 0, 10)).rows.map(({ members }) => members)).toEqual([1, 1, 1, 1, 1, 7]);
    });

    it('gives heads in the order of the question', async () => {
      const { id } = await newGroup(store);
      const unknown = '0'.repeat(24) as ConversationId;
      const none = { seq: 0, number: 0, members: 0 };
      expect(await other.heads([unknown, id, unknown])).toEqual([none, { seq: 1, number: 1, members: 1 }, none]);
    });

    it('hides nothing from a reader that follows the writers by cursor', async () => {
      const { id, alice, bob } = await newGroup(store);
      let writing = true;
      const known = new Map<number, ChatRow>();
      const read = async () => {
        for (let after = 0, last = false; ; ) {
          const feed = await store.changes(id, after, 7);
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
      };
      const writers = Promise.all(
        [store, other].map(async (mine, writer) => {
          for (let index = 0; index < many / 2; index += 1) {
            const { row } = await mine.send(message(id, alice));
            await Promise.all([
              mine.edit(row.id, `edited ${index}`),
              index % 5 === writer
                ? mine.removeMember(id, alice, bob)
                : pick([store, other], writer + 1).addMembers(id, alice, [bob]),
            ]);
            if (index % 4 === 0) await mine.delete(row.id);
          }
        }),
      );
      await Promise.all([read(), writers.finally(() => (writing = false))]);
      const rows = await readAll(other, id);
      expect([...known.values()].toSorted((a, b) => a.seq - b.seq)).toEqual(rows);
      expect(new Set(rows.map(({ number }) => number)).size).toBe(rows.length);
      const [head] = await other.heads([id]);
      expect(head?.seq).toBe(rows.at(-1)?.seq);
      expect(head?.number).toBe(rows.length);
      expect((await other.view(id, alice))?.conversation.head).toEqual(head);
      for (const row of rows) expect(row.members).toBeLessThanOrEqual(row.seq);
    });

    it('reads the end of a long conversation', async (context) => {
      context.skip(data.scale !== 'full', 'the server is slow');
      const { id, alice } = await newGroup(store);
      const length = 10_000;
      await sendMany(store, id, alice, length - 1);
      const { rows, through } = await other.changes(id, length - 3, 200);
      expect(rows.map(({ seq }) => seq)).toEqual([length - 2, length - 1, length]);
      expect(through).toBe(length);
      expect((await other.list(id, { before: 3, limit: 10 })).map(({ number }) => number)).toEqual([2, 1]);
    });
  });

  describe('markRead', () => {
    it('never goes back, and never beyond the head', async () => {
      const { id, alice, bob } = await newGroup(store);
      await sendMany(store, id, alice, 4);
      expect(await store.markRead(id, bob, 3)).toEqual({ readThrough: 3, changed: true });
      expect(await other.markRead(id, bob, 3)).toEqual({ readThrough: 3, changed: false });
      expect(await other.markRead(id, bob, 1)).toEqual({ readThrough: 3, changed: false });
      expect(await other.markRead(id, bob, 99)).toEqual({ readThrough: 5, changed: true });
      expect((await store.view(id, bob))?.own.readThrough).toBe(5);
      expect((await store.view(id, alice))?.own.readThrough).toBe(1);
      expect(await store.heads([id])).toEqual([{ seq: 5, number: 5, members: 1 }]);
    });

    it('ends at the furthest when many instances say it at the same time', async () => {
      const { id, alice, bob } = await newGroup(store);
      await sendMany(store, id, alice, many);
      await Promise.all(
        times(many, (index) => pick([store, other], index).markRead(id, bob, ((index * 7) % many) + 1)),
      );
      expect((await store.view(id, bob))?.own.readThrough).toBe(many);
    });

    it('is for members only', async () => {
      const { id } = await newGroup(store);
      expect(await store.markRead(id, newUser(), 1)).toBeUndefined();
      for (const unknown of noIds as ConversationId[])
        expect(await store.markRead(unknown, newUser(), 1)).toBeUndefined();
    });
  });

  describe('purge', () => {
    async function publishAll(): Promise<void> {
      const pending = await store.leasePending({ pendingSince: clock.now() + 1, leaseMs: 1, limit: 100_000 });
      await Promise.all(pending.map((row) => store.published(row)));
    }

    it('removes old tombstones that are published and makes older readers reload', async () => {
      const { id, alice } = await newGroup(store);
      const [first, second, third] = await sendMany(store, id, alice, 3);
      await store.delete(first?.id ?? '');
      clock.advance(2 * dayMs);
      await store.delete(second?.id ?? '');
      await store.edit(third?.id ?? '', 'edited');
      await store.purge({ deletedBefore: clock.now() - dayMs });
      expect((await store.changes(id, 4, 10)).rows.map(({ seq }) => seq)).toEqual([5, 6, 7]);
      clock.advance(1);
      await publishAll();
      expect((await store.purge({ deletedBefore: clock.now() - dayMs })).removed).toBeGreaterThanOrEqual(1);
      expect((await other.changes(id, 5, 10)).rows.map(({ seq }) => seq)).toEqual([6, 7]);
      expect(await other.changes(id, 4, 10)).toMatchObject({ rows: [], through: 7, reload: true });
      expect(await other.changes(id, 0, 10)).toMatchObject({ reload: false, through: 7 });
      expect(await other.changes(id, 4, 10, 5)).toMatchObject({ reload: false, through: 7 });
      expect(await other.changes(id, 4, 10, 4)).toMatchObject({ reload: true });
    });

    it('never removes the newest row, nor the first', async () => {
      const { id, alice } = await newGroup(store);
      const { row } = await store.send(message(id, alice));
      await store.delete((await store.list(id, newest)).at(-1)?.id ?? '');
      await store.delete(row.id);
      clock.advance(2 * dayMs);
      await publishAll();
      await store.purge({ deletedBefore: clock.now() });
      expect(await other.heads([id])).toEqual([{ seq: 4, number: 2, members: 1 }]);
      expect((await other.changes(id, 0, 10)).rows.map(({ number }) => number)).toEqual([1, 2]);
      expect((await other.send(message(id, alice))).row).toMatchObject({ seq: 5, number: 3 });
      clock.advance(1);
      await publishAll();
      await Promise.all([store, other].map((mine) => mine.purge({ deletedBefore: clock.now() })));
      expect((await other.changes(id, 0, 10)).rows.map(({ number }) => number)).toEqual([1, 3]);
    });
  });
}
