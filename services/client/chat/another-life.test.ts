import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/eventually.ts';
import type { MessageDto } from '../../shared/contract/chat-dto.ts';
import { type ChatWorld, startChatWorld, type TestClient } from './chat-world.fixture.ts';
import type { Conversation } from './conversation.ts';
import { calls, contents, isIn, opened, row, shows, subscribed } from './opened-conversation.fixture.ts';

let world: ChatWorld;

beforeEach(async () => {
  world = await startChatWorld();
});

afterEach(async () => {
  await world?.[Symbol.asyncDispose]();
});

describe('a conversation whose store is restored', () => {
  it('begins anew when the store has another life', async () => {
    await world.say(world.bob, 'before');
    const test = world.client();
    const conversation = await opened(test);
    await subscribed(test, 1);
    await world.chat.store.newEpoch();
    test.hub.handlers?.closed('reload', true);
    await world.say(world.bob, 'after');
    // Not as long as an opening may take: that would give this one up and leave two.
    test.clock.advance(1_000);
    await shows(conversation, ['before', 'after']);
    await eventually(() => (row(test)?.lastMessageContent === 'after' ? undefined : 'old list'));
    await isIn(test, 'connected');
    await test.network.quiet();
    const late = await world.say(world.bob, 'goes on');
    test.hub.push('ReceiveMessage', late);
    await shows(conversation, ['before', 'after', 'goes on']);
  });

  it('takes nothing that a connection to the old life sends for messages of the new one', async () => {
    const before = await world.say(world.bob, 'before');
    const test = world.client();
    const conversation = await opened(test);
    await subscribed(test, 1);
    const old = test.hub.handlers;
    await world.chat.store.newEpoch();
    conversation.catchUp();
    await isIn(test, 'waiting');
    old?.called('ReceiveMessage', [{ ...before, id: 'f'.repeat(24), content: 'of the old life', seq: 99, number: 99 }]);
    test.clock.advance(2_000);
    await isIn(test, 'connected');
    await test.network.quiet();
    await shows(conversation, ['before']);
    expect(row(test)?.lastMessageContent).toBe('before');
  });

  describe('has once more, when the answer is of a life that the restore took back,', () => {
    let conversation: Conversation;
    let test: TestClient;
    let first: MessageDto;

    beforeEach(async () => {
      first = await world.say(world.alice, 'first');
      test = world.client();
      conversation = await opened(test);
      await subscribed(test, 1);
    });

    /** A replica did it, froze, and answers when the database is an older one and the client knows. */
    async function isAnsweredLate(call: string, act: () => unknown, answer: () => Response): Promise<void> {
      const before = calls(test, call).length;
      const thaws = Promise.withResolvers<void>();
      test.network.meets(call, async () => {
        await thaws.promise;
        return answer();
      });
      const acting = act();
      await eventually(() => (calls(test, call).length > before ? undefined : 'not called'));
      const epoch = await world.chat.store.newEpoch();
      test.hub.handlers?.closed('reload', true);
      await eventually(
        () => {
          // A reading that was under way may find the new life first, and have it connect once more.
          test.clock.advance(1_000);
          const places = [conversation.cursor, row(test)?.cursor];
          return places.every((place) => place?.startsWith(`${epoch}.`)) ? undefined : String(places);
        },
        { everyMs: 100 },
      );
      thaws.resolve();
      await acting;
    }

    it('what was sent', async () => {
      let key = '';
      const send = () => {
        key = conversation.send('sent');
      };
      const ghost = { ...first, id: 'f'.repeat(24), content: 'sent', seq: 3, number: 3 };
      await isAnsweredLate('POST /api/chat/messages', send, () => Response.json({ ...ghost, clientMessageId: key }));
      await eventually(() => (conversation.state.messages.at(-1)?.delivery === 'sent' ? undefined : 'on its way'));
      expect(await world.stored()).toEqual(['first', 'sent']);
      expect(contents(conversation)).toEqual(['first', 'sent']);
      expect(conversation.state.messages.at(-1)).toMatchObject({ key, delivery: 'sent', number: 3 });
    });

    it('what was edited', async () => {
      const edit = () => conversation.edit(first.id, 'edited');
      const ghost = { ...first, content: 'edited', seq: 99 };
      await isAnsweredLate('PUT /api/chat/messages', edit, () => Response.json(ghost));
      await shows(conversation, ['edited']);
      expect(await world.stored()).toEqual(['edited']);
    });

    it('what was removed', async () => {
      await world.say(world.bob, 'second');
      const remove = () => conversation.remove(first.id);
      await isAnsweredLate('DELETE /api/chat/messages', remove, () => new Response(null, { status: 204 }));
      expect(await world.stored()).toEqual(['second']);
      await shows(conversation, ['second']);
      expect(calls(test, 'DELETE')).toHaveLength(2);
    });
  });

  it('is read anew without a connection too', async () => {
    const test = world.client({ open: () => Promise.reject(new Error('no hub')) });
    await world.say(world.bob, 'before');
    const conversation = await opened(test);
    await world.chat.store.newEpoch();
    await world.say(world.bob, 'after');
    conversation.catchUp();
    await shows(conversation, ['before', 'after']);
  });
});
