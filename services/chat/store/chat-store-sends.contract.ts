import { beforeAll, describe, expect, it } from 'vitest';
import type { ConversationId, UserId } from '#shared/contract/ids.ts';
import {
  message,
  newest,
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

/** Messages that are sent once, in order. */
export function describeSends(suite: () => StoreSuite): void {
  let data: StoreUnderTest;
  let store: ChatStore;
  let other: ChatStore;
  let clock: TestClock;
  let many: number;

  beforeAll(() => {
    ({ data, store, other, clock, many } = suite());
  });

  describe('send', () => {
    it('takes the next seq and number and keeps every field', async () => {
      const { id, alice } = await newGroup(store);
      clock.advance(1_000);
      const sent = await store.send(message(id, alice, { content: 'Hi 😀', type: 'file', clientMessageId: 'one' }));
      expect(sent).toEqual({
        created: true,
        row: {
          kind: 'message',
          id: expect.stringMatching(/^[0-9a-f]{24}$/),
          conversationId: id,
          senderId: alice,
          type: 'file',
          content: 'Hi 😀',
          system: null,
          clientMessageId: 'one',
          createdAt: clock.now(),
          editedAt: null,
          seq: 2,
          number: 2,
          members: 1,
        },
        conversation: expect.objectContaining({
          id,
          last: { senderId: alice, content: 'Hi 😀', type: 'file' },
          lastMessageAt: clock.now(),
          head: { seq: 2, number: 2, members: 1 },
        }),
      });
      expect(await other.message(sent.row.id)).toEqual(sent.row);
      expect((await other.list(id, newest))[0]).toEqual(sent.row);
      expect((await other.view(id, alice))?.conversation).toEqual(sent.conversation);
    });

    it('keeps the order of the calls', async () => {
      const { id, alice } = await newGroup(store);
      const sent = await Promise.all(times(many, () => store.send(message(id, alice))));
      expect(sent.map(({ row }) => row.number)).toEqual(times(many, (index) => index + 2));
    });

    it('knows no unknown conversation', async () => {
      const alice = newUser();
      for (const unknown of ['0'.repeat(24), '', 'x', '{"$gt":""}'] as ConversationId[]) {
        await expect(store.send(message(unknown, alice))).rejects.toMatchObject({ code: 'not_found' });
        expect(await store.heads([unknown])).toEqual([{ seq: 0, number: 0, members: 0 }]);
      }
    });

    it.each([
      ['operators', '{"$where":"1"}', '$ne'],
      ['SQL', "'); DROP TABLE chat_message_rows; --", "' OR 1=1 --"],
      ['NUL', 'a\0b\0', 'x\0y'],
      ['astral characters', '😀👩‍👩‍👧‍👦\u{10ffff}', 'é😀'],
      ['what looks like nothing', '', ' '],
      ['noncharacters and controls', '\ufffe\uffff\u0001\u202e\ufeff', '\u2028'],
    ])('keeps every character: %s', async (_what, content, clientMessageId) => {
      const { id, alice } = await newGroup(store, [`al${clientMessageId}ice`, 'bob']);
      const { row } = await store.send(message(id, alice, { content, clientMessageId }));
      expect(await other.message(row.id)).toMatchObject({ content, clientMessageId, senderId: alice });
      expect(await other.view(id, alice)).toMatchObject({
        conversation: { last: { content } },
        own: { userId: alice },
      });
      await other.rename(id, alice, `x${content}`);
      expect(await store.view(id, alice)).toMatchObject({ conversation: { name: `x${content}` } });
      const edited = await other.edit(row.id, `${content}!`);
      expect((await readAll(store, id)).at(-1)).toEqual(edited?.row);
    });

    it('refuses half of a surrogate pair, which no store keeps, and writes nothing', async () => {
      const { id, alice, bob } = await newGroup(store);
      const half = 'a\ud83d';
      const { row } = await store.send(message(id, alice, { content: 'whole \ud83d\ude00' }));
      for (const call of [
        () => store.send(message(id, alice, { content: half })),
        () => store.send(message(id, alice, { clientMessageId: half })),
        () => store.send(message(id, half as UserId)),
        () => store.edit(row.id, half),
        () => store.rename(id, alice, half),
        () => store.addMembers(id, alice, [half as UserId]),
        () => store.createConversation({ type: 'private', creator: bob, others: [half as UserId], name: null }),
      ]) {
        await expect(call()).rejects.toMatchObject({ name: 'PlatformError', code: 'bad_request' });
      }
      expect(await store.heads([id])).toEqual([{ seq: 2, number: 2, members: 1 }]);
    });
  });

  describe('the same clientMessageId', () => {
    it('answers the first row, in its latest state', async () => {
      const { id, alice } = await newGroup(store);
      const asked = message(id, alice, { clientMessageId: 'one', content: 'first' });
      const first = await store.send(asked);
      const again = await other.send(asked);
      expect(again).toEqual({ ...first, created: false });
      await store.edit(first.row.id, 'edited');
      expect(await other.send(asked)).toMatchObject({ created: false, row: { content: 'edited', seq: 3, number: 2 } });
      await store.delete(first.row.id);
      expect(await other.send(asked)).toMatchObject({
        created: false,
        row: { kind: 'deleted', id: first.row.id, seq: 4, number: 2 },
      });
      expect(await store.heads([id])).toEqual([{ seq: 4, number: 2, members: 1 }]);
      expect((await store.send(message(id, alice))).row).toMatchObject({ seq: 5, number: 3 });
    });

    it('is one message when it is sent many times at once', async () => {
      const { id, alice } = await newGroup(store);
      const asked = message(id, alice, { clientMessageId: 'one' });
      const answers = await Promise.all(times(many, (index) => pick([store, other], index).send(asked)));
      expect(answers.filter(({ created }) => created)).toHaveLength(1);
      expect(new Set(answers.map(({ row }) => row.id)).size).toBe(1);
      expect(await store.heads([id])).toEqual([{ seq: 2, number: 2, members: 1 }]);
    });

    it('with another body or in another conversation is a conflict, and harms nobody beside it', async () => {
      const { id, alice } = await newGroup(store);
      const elsewhere = (await store.createConversation({ type: 'group', creator: alice, others: [], name: null }))
        .view;
      await store.send(message(id, alice, { clientMessageId: 'one' }));
      const [changed, plain, foreign, same] = await Promise.allSettled([
        other.send(message(id, alice, { clientMessageId: 'one', bodyHash: 'another' })),
        other.send(message(id, alice)),
        other.send(message(elsewhere.conversation.id, alice, { clientMessageId: 'one' })),
        other.send(message(id, alice, { clientMessageId: 'one' })),
      ]);
      expect(changed).toMatchObject({ status: 'rejected', reason: { name: 'PlatformError', code: 'conflict' } });
      expect(foreign).toMatchObject({ status: 'rejected', reason: { name: 'PlatformError', code: 'conflict' } });
      expect(plain).toMatchObject({ status: 'fulfilled', value: { created: true, row: { number: 3 } } });
      expect(same).toMatchObject({ status: 'fulfilled', value: { created: false, row: { number: 2 } } });
      expect(await store.heads([id, elsewhere.conversation.id])).toMatchObject([{ number: 3 }, { number: 1 }]);
    });

    it('of two in one turn with two bodies one wins', async () => {
      const { id, alice } = await newGroup(store);
      const answers = await Promise.allSettled(
        ['a', 'b'].map((bodyHash) => store.send(message(id, alice, { clientMessageId: 'one', bodyHash }))),
      );
      expect(answers).toMatchObject([
        { status: 'fulfilled', value: { created: true } },
        { status: 'rejected', reason: { code: 'conflict' } },
      ]);
    });

    it('is another message from another sender, or without one', async () => {
      const { id, alice, bob } = await newGroup(store);
      const answers = await Promise.all([
        store.send(message(id, alice, { clientMessageId: 'one' })),
        store.send(message(id, bob, { clientMessageId: 'one' })),
        store.send(message(id, alice)),
        store.send(message(id, alice)),
      ]);
      expect(answers.map(({ created, row }) => [created, row.number])).toEqual([
        [true, 2],
        [true, 3],
        [true, 4],
        [true, 5],
      ]);
    });
  });

  describe('writers in one conversation', () => {
    it('leave no gap on several instances at once, and every row is pending once', async () => {
      const { id, alice, bob } = await newGroup(store);
      const third = await data.open(clock);
      const stores = [store, other, third];
      const sent = await Promise.all(
        times(many * 2, (index) => pick(stores, index).send(message(id, index % 2 ? alice : bob))),
      );
      await third.close();
      expect(sent.map(({ row }) => row.number).toSorted((a, b) => a - b)).toEqual(
        times(many * 2, (index) => index + 2),
      );
      const rows = await readAll(store, id);
      expect(rows.map(({ seq }) => seq)).toEqual(times(many * 2 + 1, (index) => index + 1));
      expect(rows.map(({ number }) => number)).toEqual(times(many * 2 + 1, (index) => index + 1));
      expect((await store.view(id, alice))?.conversation.head).toEqual({
        seq: many * 2 + 1,
        number: many * 2 + 1,
        members: 1,
      });
      clock.advance(1_000);
      const pending = await store.leasePending({ pendingSince: clock.now(), leaseMs: 1_000, limit: 10_000 });
      const ours = pending.filter(({ conversationId }) => conversationId === id);
      expect(ours.map(({ seq }) => seq).toSorted((a, b) => a - b)).toEqual(times(many * 2 + 1, (index) => index + 1));
    });
  });
}
