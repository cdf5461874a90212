import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/eventually.ts';
import type { MessageDto } from '../../shared/contract/chat-dto.ts';
import { LiveRefusedError } from '../live/live-connection.ts';
import { SignedOutError } from '../rest/token-source.ts';
import type { ChatClient } from './chat-client.ts';
import { type ChatWorld, Network, startChatWorld, type TestClient, unreachable } from './chat-world.fixture.ts';

let world: ChatWorld;
const ends: (() => void)[] = [];

beforeEach(async () => {
  world = await startChatWorld();
});

afterEach(async () => {
  for (const end of ends.splice(0)) end();
  await world?.[Symbol.asyncDispose]();
});

async function opened(test: TestClient, id = world.id) {
  const conversation = test.client.conversation(id);
  ends.push(conversation.open());
  await eventually(() => (conversation.state.loaded ? undefined : `not loaded: ${conversation.state.fault}`));
  await test.network.quiet();
  return conversation;
}

type Opened = Awaited<ReturnType<typeof opened>>;
const contents = (conversation: Opened) =>
  conversation.state.messages.filter(({ system, deleted }) => !system && !deleted).map(({ content }) => content);
const shows = (conversation: Opened, expected: string[]) =>
  eventually(() => {
    const shown = contents(conversation);
    return String(shown) === String(expected) ? undefined : `shows ${shown}`;
  });
const row = (client: ChatClient) => client.state.conversations.find(({ id }) => id === world.id);
const calls = ({ network }: TestClient, start: string) => network.calls.filter((call) => call.startsWith(start));
const isIn = ({ client }: TestClient, state: string) =>
  eventually(() => (client.state.connection.state === state ? undefined : client.state.connection.state));
const subscribed = ({ hub }: TestClient, times: number) =>
  eventually(() => {
    const count = hub.calls.filter((call) => call.startsWith('SubscribeChat')).length;
    return count === times ? undefined : `${count} subscriptions`;
  });
const feed = () => `GET /api/chat/conversations/${world.id}/feed`;

describe('the list of conversations', () => {
  it('is read after the subscription, with what is unread', async () => {
    await world.say(world.bob, 'hello');
    const { client, hub } = world.client();
    await eventually(() => (client.state.loaded ? undefined : 'not loaded'));
    expect(row(client)).toMatchObject({ unreadCount: 1, lastMessageContent: 'hello' });
    await eventually(() => (hub.calls.includes('SubscribeChat {}') ? undefined : `${hub.calls}`));
  });

  it('works without the hub', async () => {
    const test = world.client({ open: () => Promise.reject(new Error('no hub')) });
    await world.say(world.bob, 'hello');
    const conversation = await opened(test);
    expect(contents(conversation)).toEqual(['hello']);
    conversation.send('and back');
    await shows(conversation, ['hello', 'and back']);
  });

  it('follows what is pushed, of conversations that nobody opened too, and tells of it', async () => {
    const arrived: MessageDto[] = [];
    const test = world.client({ arrived: (message) => arrived.push(message) });
    await eventually(() => (test.client.state.loaded ? undefined : 'not loaded'));
    const message = await world.say(world.bob, 'news');
    test.hub.push('ReceiveMessage', message);
    expect(row(test.client)).toMatchObject({ unreadCount: 1, lastMessageContent: 'news' });
    expect(arrived).toEqual([message]);
    test.hub.push('MessagesRead', { conversationId: world.id, userId: world.alice.id, readThrough: 2 });
    expect(row(test.client)?.unreadCount).toBe(0);
    test.hub.push('ReceiveMessage', { garbage: true });
    expect(arrived).toHaveLength(1);
  });

  it('asks the server about a conversation that it does not know', async () => {
    const test = world.client();
    await eventually(() => (test.client.state.loaded ? undefined : 'not loaded'));
    const { body } = await world.bob.post('/api/chat/conversations', {
      type: 1,
      participantIds: [world.alice.id],
      name: 'new group',
    });
    test.hub.push('MembershipChanged', { conversationId: body.id, state: 'joined' });
    test.clock.advance(400);
    await eventually(() => {
      const names = test.client.state.conversations.map(({ name }) => name);
      return names.includes('new group') ? undefined : `${names}`;
    });
  });

  it('learns after an outage what moved and what was left', async () => {
    const group = (
      await world.bob.post('/api/chat/conversations', { type: 1, participantIds: [world.alice.id], name: 'left' })
    ).body.id;
    const test = world.client();
    await eventually(() => (test.client.state.conversations.length === 2 ? undefined : 'not loaded'));
    await subscribed(test, 1);
    test.hub.handlers?.closed('gone', true);
    await world.say(world.bob, 'meanwhile');
    await world.bob.delete(`/api/chat/conversations/${group}/participants/${encodeURIComponent(world.alice.id)}`);
    test.clock.advance(2_000);
    await eventually(() => (row(test.client)?.lastMessageContent === 'meanwhile' ? undefined : 'old'));
    await eventually(() => (test.client.state.conversations.length === 1 ? undefined : 'still there'));
  });

  it('creates, renames, adds and leaves', async () => {
    const { client } = world.client();
    const id = await client.create({ kind: 'group', with: [world.bob.id], name: 'a' });
    await client.rename(id, 'b');
    const carol = world.chat.person('carol');
    await client.addParticipants(id, [carol.id]);
    const made = client.state.conversations.find((each) => each.id === id);
    expect(made).toMatchObject({ name: 'b', participantCount: 3 });
    await expect(client.rename(world.id, 'no')).rejects.toMatchObject({ code: 'forbidden', retryable: false });
    await client.removeParticipant(id, world.alice.id);
    expect(client.state.conversations.some((each) => each.id === id)).toBe(false);
    expect(await client.create({ kind: 'private', with: world.bob.id })).toBe(world.id);
  });
});

describe('a conversation', () => {
  it('shows what is pushed without reading, each message once', async () => {
    const test = world.client();
    const conversation = await opened(test);
    await subscribed(test, 1);
    const before = test.network.calls.length;
    const first = await world.say(world.bob, 'one');
    for (let times = 0; times < 3; times += 1) test.hub.push('ReceiveMessage', first);
    expect(contents(conversation)).toEqual(['one']);
    test.clock.advance(5_000);
    await test.network.quiet();
    expect(test.network.calls).toHaveLength(before);
  });

  it('reads what a gap between pushes leaves out, and nothing when it closes by itself', async () => {
    const test = world.client();
    const conversation = await opened(test);
    await subscribed(test, 1);
    const before = calls(test, feed()).length;
    const rows: MessageDto[] = [];
    for (const content of ['one', 'two', 'three', 'four']) rows.push(await world.say(world.bob, content));
    test.hub.push('ReceiveMessage', rows[1]);
    test.hub.push('ReceiveMessage', rows[0]);
    test.clock.advance(1_000);
    await test.network.quiet();
    expect(calls(test, feed())).toHaveLength(before);
    test.hub.push('ReceiveMessage', rows[3]);
    test.clock.advance(1_000);
    await shows(conversation, ['one', 'two', 'three', 'four']);
    expect(calls(test, feed())).toHaveLength(before + 1);
  });

  it('finds after an outage what was sent, edited and deleted, by its cursor', async () => {
    const kept = await world.say(world.bob, 'kept');
    const doomed = await world.say(world.bob, 'doomed');
    const test = world.client();
    const conversation = await opened(test);
    await subscribed(test, 1);
    test.hub.handlers?.closed('gone', true);
    await world.bob.put(`/api/chat/messages/${kept.id}`, { content: 'edited' });
    await world.bob.delete(`/api/chat/messages/${doomed.id}`);
    await world.say(world.bob, 'new');
    test.clock.advance(2_000);
    await shows(conversation, ['edited', 'new']);
    expect(test.hub.calls.some((call) => call.startsWith(`SubscribeChat {"${world.id}":`))).toBe(true);
    expect(calls(test, `GET /api/chat/conversations/${world.id}/messages`)).toHaveLength(1);
  });

  it('finds a last message whose push was lost, when the device wakes', async () => {
    const test = world.client();
    const conversation = await opened(test);
    await subscribed(test, 1);
    await world.say(world.bob, 'unheard');
    test.client.wake();
    await shows(conversation, ['unheard']);
    expect(test.hub.calls.filter((call) => call === 'open chat')).toHaveLength(1);
  });

  it('takes another connection when the one from before the sleep is dead', async () => {
    const test = world.client();
    const conversation = await opened(test);
    await subscribed(test, 1);
    await world.say(world.bob, 'unheard');
    test.hub.silent = true;
    test.client.wake();
    test.clock.advance(10_000);
    await isIn(test, 'waiting');
    test.hub.silent = false;
    test.clock.advance(2_000);
    await isIn(test, 'connected');
    await shows(conversation, ['unheard']);
  });

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
    await eventually(() => (row(test.client)?.lastMessageContent === 'after' ? undefined : 'old list'));
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
    expect(row(test.client)?.lastMessageContent).toBe('before');
  });

  it('has what was sent and edited once more, when the answer is of a life that a restore took back', async () => {
    const first = await world.say(world.alice, 'first');
    const network = new Network();
    const test = world.client({ network });
    const conversation = await opened(test);
    await subscribed(test, 1);
    // Of a replica that stored it, froze, and wakes up when the database is an older one.
    const ghost = { ...first, id: 'f'.repeat(24), content: 'sent', seq: 3, number: 3, clientMessageId: '' };
    let answer = (_message: object) => {};
    const frozen = () =>
      new Promise<Response>((resolve) => {
        answer = (message) => resolve(Response.json(message));
      });
    const inNextLife = async (meets: string, act: () => unknown, old: () => object) => {
      const before = calls(test, meets).length;
      network.meets(meets, frozen);
      act();
      await eventually(() => (calls(test, meets).length > before ? undefined : 'not called'));
      const epoch = await world.chat.store.newEpoch();
      test.hub.handlers?.closed('reload', true);
      await eventually(
        () => {
          // A reading that was under way may find the new life first, and have it connect once more.
          test.clock.advance(1_000);
          const places = [conversation.cursor, row(test.client)?.cursor];
          return places.every((place) => place?.startsWith(`${epoch}.`)) ? undefined : String(places);
        },
        { everyMs: 100 },
      );
      answer(old());
    };
    let key = '';
    const send = () => (key = conversation.send('sent'));
    await inNextLife('POST /api/chat/messages', send, () => ({ ...ghost, clientMessageId: key }));
    await eventually(() => (conversation.state.messages.at(-1)?.delivery === 'sent' ? undefined : 'on its way'));
    expect(await world.stored()).toEqual(['first', 'sent']);
    expect(contents(conversation)).toEqual(['first', 'sent']);
    expect(conversation.state.messages.at(-1)).toMatchObject({ key, delivery: 'sent', number: 3 });

    const edit = () => void conversation.edit(first.id, 'edited');
    await inNextLife('PUT /api/chat/messages', edit, () => ({ ...first, content: 'edited', seq: 99 }));
    await shows(conversation, ['edited', 'sent']);
    expect(await world.stored()).toEqual(['edited', 'sent']);
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

  it('is brought up to date when it is opened again', async () => {
    const test = world.client();
    const conversation = test.client.conversation(world.id);
    const end = conversation.open();
    await eventually(() => (conversation.state.loaded ? undefined : 'not loaded'));
    end();
    test.hub.push('ReceiveMessage', await world.say(world.bob, 'meanwhile'));
    expect(contents(conversation)).toEqual([]);
    ends.push(conversation.open());
    await shows(conversation, ['meanwhile']);
  });

  it('loads its history page by page', async () => {
    for (let index = 1; index <= 120; index += 1) await world.say(world.bob, `m${index}`);
    const conversation = await opened(world.client());
    expect(contents(conversation)).toHaveLength(50);
    await conversation.loadMore();
    expect(contents(conversation)).toHaveLength(100);
    await conversation.loadMore();
    expect(contents(conversation)).toEqual(Array.from({ length: 120 }, (_, index) => `m${index + 1}`));
    expect(conversation.state.hasMore).toBe(false);
  });

  it('shows the newest page anew to who was away for very long', async () => {
    const test = world.client();
    const conversation = await opened(test);
    await subscribed(test, 1);
    test.hub.handlers?.closed('gone', true);
    const texts = Array.from({ length: 750 }, (_, index) => `m${index}`);
    for (const content of texts) await world.say(world.bob, content);
    test.clock.advance(2_000);
    await shows(conversation, texts.slice(-50));
    expect(conversation.state.hasMore).toBe(true);
  });

  it('edits and deletes', async () => {
    const conversation = await opened(world.client());
    conversation.send('first');
    await eventually(() => (conversation.state.messages.at(-1)?.delivery === 'sent' ? undefined : 'sending'));
    const id = conversation.state.messages.at(-1)?.id ?? '';
    await conversation.edit(id, 'second');
    expect(contents(conversation)).toEqual(['second']);
    conversation.send('after it');
    await eventually(() => (conversation.state.messages.at(-1)?.delivery === 'sent' ? undefined : 'sending'));
    const before = conversation.state.messages.slice(-2);
    await conversation.remove(id);
    await shows(conversation, ['after it']);
    const [left, last] = conversation.state.messages.slice(-2);
    expect(left).toEqual({ ...before[0], content: '', editedAt: null, deleted: true });
    expect(last).toEqual(before[1]);
    expect(before.map(({ deleted }) => deleted)).toEqual([false, false]);
    await expect(conversation.edit(id, 'third')).rejects.toMatchObject({ code: 'not_found' });
  });

  it('is read as far as it is shown, with one call at a time', async () => {
    const test = world.client();
    await world.say(world.bob, 'unread');
    const conversation = await opened(test);
    expect(row(test.client)?.unreadCount).toBe(1);
    await Promise.all([conversation.markRead(1), conversation.markRead(), conversation.markRead()]);
    expect(row(test.client)?.unreadCount).toBe(0);
    await conversation.markRead();
    expect(calls(test, `POST /api/chat/conversations/${world.id}/read`)).toHaveLength(1);
    test.hub.push('ReceiveMessage', await world.say(world.bob, 'unread'));
    await conversation.markRead();
    const { body } = await world.alice.get(`/api/chat/conversations/${world.id}`);
    expect(body).toMatchObject({ unreadCount: 0, readThrough: 3 });
  });

  it('says when the user is out of it, and comes back with him', async () => {
    const id = (
      await world.bob.post('/api/chat/conversations', { type: 1, participantIds: [world.alice.id], name: 'g' })
    ).body.id;
    const test = world.client();
    const conversation = await opened(test, id);
    await subscribed(test, 1);
    await world.bob.delete(`/api/chat/conversations/${id}/participants/${encodeURIComponent(world.alice.id)}`);
    test.hub.push('MembershipChanged', { conversationId: id, state: 'left' });
    expect(conversation.state.gone).toBe(true);
    await world.bob.post(`/api/chat/conversations/${id}/participants`, { userIds: [world.alice.id] });
    test.hub.push('MembershipChanged', { conversationId: id, state: 'joined' });
    await eventually(() => (!conversation.state.gone && conversation.state.loaded ? undefined : 'gone'));
  });

  it('comes back with a user of whose return no push told', async () => {
    const id = (
      await world.bob.post('/api/chat/conversations', { type: 1, participantIds: [world.alice.id], name: 'g' })
    ).body.id;
    const test = world.client();
    const conversation = await opened(test, id);
    await subscribed(test, 1);
    await world.bob.delete(`/api/chat/conversations/${id}/participants/${encodeURIComponent(world.alice.id)}`);
    test.hub.push('MembershipChanged', { conversationId: id, state: 'left' });
    expect(conversation.state.gone).toBe(true);
    await test.network.quiet();
    await world.bob.post(`/api/chat/conversations/${id}/participants`, { userIds: [world.alice.id] });
    test.hub.handlers?.closed('gone', true);
    test.clock.advance(2_000);
    await eventually(() => (!conversation.state.gone && conversation.state.loaded ? undefined : 'gone'));
  });

  it('stays out of the list when an answer from before comes after his removal', async () => {
    const id = (
      await world.bob.post('/api/chat/conversations', { type: 1, participantIds: [world.alice.id], name: 'g' })
    ).body.id;
    const network = new Network();
    const test = world.client({ network });
    const conversation = await opened(test, id);
    await subscribed(test, 1);
    await network.quiet();
    const held = Promise.withResolvers<void>();
    const passed = Promise.withResolvers<void>();
    network.meets('GET /api/chat/sync', async (pass) => {
      const response = await pass();
      passed.resolve();
      await held.promise;
      return response;
    });
    test.hub.push('MembershipChanged', { conversationId: id, state: 'joined' });
    test.clock.advance(1_000);
    await passed.promise;
    await world.bob.delete(`/api/chat/conversations/${id}/participants/${encodeURIComponent(world.alice.id)}`);
    test.hub.push('MembershipChanged', { conversationId: id, state: 'left' });
    held.resolve();
    await network.quiet();
    expect(conversation.state.gone).toBe(true);
    expect(test.client.state.conversations.map((each) => each.id)).not.toContain(id);
  });

  it('stays gone when a reading from before is answered', async () => {
    const id = (
      await world.bob.post('/api/chat/conversations', { type: 1, participantIds: [world.alice.id], name: 'g' })
    ).body.id;
    const network = new Network();
    const test = world.client({ network });
    const conversation = await opened(test, id);
    await subscribed(test, 1);
    const held = Promise.withResolvers<void>();
    network.meets(`GET /api/chat/conversations/${id}/feed`, async (pass) => {
      const response = await pass();
      await held.promise;
      return response;
    });
    const before = calls(test, `GET /api/chat/conversations/${id}/feed`).length;
    conversation.catchUp();
    await eventually(() =>
      calls(test, `GET /api/chat/conversations/${id}/feed`).length > before ? undefined : 'not asked',
    );
    await world.bob.delete(`/api/chat/conversations/${id}/participants/${encodeURIComponent(world.alice.id)}`);
    test.hub.push('MembershipChanged', { conversationId: id, state: 'left' });
    held.resolve();
    await network.quiet();
    expect(conversation.state.gone).toBe(true);
  });

  it('that is none of the user’s is gone, and is not asked for again', async () => {
    const test = world.client();
    const conversation = test.client.conversation('f'.repeat(24));
    ends.push(conversation.open());
    await eventually(() => (conversation.state.gone ? undefined : 'not gone'));
    await test.network.quiet();
    const asked = test.network.calls.length;
    test.clock.advance(600_000);
    await test.network.quiet();
    expect(test.network.calls).toHaveLength(asked);
  });

  it('reads on after a fault that it shows', async () => {
    const network = new Network();
    network.meets(`GET /api/chat/conversations/${world.id}`, unreachable, Number.POSITIVE_INFINITY);
    const test = world.client({ network });
    const conversation = test.client.conversation(world.id);
    ends.push(conversation.open());
    await eventually(() => (conversation.state.fault ? undefined : 'no fault'));
    network.heal();
    test.clock.advance(2_000);
    await eventually(() => (conversation.state.loaded && !conversation.state.fault ? undefined : 'not loaded'));
  });
});

describe('others', () => {
  it('type for as long as they say so', async () => {
    const test = world.client();
    const conversation = await opened(test);
    await subscribed(test, 1);
    const typing = () => conversation.state.typing;
    test.hub.push('UserTyping', world.id, world.bob.id);
    test.hub.push('UserTyping', world.id, world.alice.id);
    expect(typing()).toEqual([world.bob.id]);
    test.hub.push('UserStoppedTyping', world.id, world.bob.id);
    expect(typing()).toEqual([]);
    test.hub.push('UserTyping', world.id, world.bob.id);
    test.clock.advance(8_000);
    expect(typing()).toEqual([]);
    test.hub.push('UserTyping', world.id, world.bob.id);
    test.hub.push('ReceiveMessage', await world.say(world.bob, 'done'));
    expect(typing()).toEqual([]);
    test.hub.push('UserTyping', world.id, world.bob.id);
    test.hub.handlers?.closed('gone', true);
    expect(typing()).toEqual([]);
  });

  it('are told that the user types, seldom, and of the end', async () => {
    const test = world.client();
    const conversation = await opened(test);
    await subscribed(test, 1);
    const told = () => test.hub.calls.filter((call) => call.startsWith('Typing')).map((call) => call.split(' ')[0]);
    for (let key = 0; key < 5; key += 1) {
      conversation.typing();
      test.clock.advance(1_000);
    }
    expect(told()).toEqual(['TypingStarted', 'TypingStarted']);
    test.clock.advance(5_000);
    expect(told()).toEqual(['TypingStarted', 'TypingStarted', 'TypingStopped']);
    conversation.typing();
    conversation.send('hello');
    expect(told().slice(3)).toEqual(['TypingStarted', 'TypingStopped']);
  });

  it('are there, or nobody knows', async () => {
    const test = world.client();
    await subscribed(test, 1);
    await isIn(test, 'connected');
    const end = test.client.watchPresence([world.bob.id]);
    const presence = () => test.client.state.presence.get(world.bob.id);
    await eventually(() => (presence() === 'online' ? undefined : `${presence()}`));
    test.hub.push('PresenceChanged', { userId: world.bob.id, state: 'offline' });
    expect(presence()).toBe('offline');
    test.hub.push('PresenceChanged', { userId: 'a stranger', state: 'online' });
    expect(test.client.state.presence.size).toBe(1);
    test.hub.handlers?.closed('gone', true);
    expect(presence()).toBeUndefined();
    test.clock.advance(2_000);
    await eventually(() => (presence() === 'online' ? undefined : `${presence()}`));
    end();
    await eventually(() => (test.hub.calls.includes('WatchPresence []') ? undefined : 'still watched'));
  });
});

describe('the end of a connection', () => {
  it('is final when the server says so, until somebody asks for another', async () => {
    const test = world.client();
    await subscribed(test, 1);
    test.hub.handlers?.closed('revoked', false);
    test.clock.advance(600_000);
    expect(test.client.state.connection).toEqual({ state: 'ended', reason: 'revoked' });
    test.client.retryNow();
    await isIn(test, 'connected');
  });

  it('ends all reading when it was asked for', async () => {
    const network = new Network();
    const test = world.client({ network });
    await opened(test);
    network.meets('', unreachable, Number.POSITIVE_INFINITY);
    test.client.wake();
    await eventually(() => (test.client.state.fault ? undefined : 'no fault'));
    await network.quiet();
    test.client.stop();
    await network.quiet();
    const asked = network.calls.length;
    test.clock.advance(600_000);
    await network.quiet();
    expect(network.calls).toHaveLength(asked);
    expect(test.client.state.connection.state).toBe('stopped');
  });

  it('comes with the end of the token', async () => {
    const test = world.client({
      tokens: {
        token: async () => 'stale',
        refused: async () => {
          throw new SignedOutError('expired');
        },
      },
    });
    test.hub.refuses = new LiveRefusedError('401');
    await isIn(test, 'signed-out');
    await test.network.quiet();
    const asked = test.network.calls.length;
    test.clock.advance(600_000);
    await test.network.quiet();
    expect(test.network.calls).toHaveLength(asked);
  });
});
