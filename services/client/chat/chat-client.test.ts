import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/eventually.ts';
import type { MessageDto } from '../../shared/contract/chat-dto.ts';
import { LiveRefusedError } from '../live/live-connection.ts';
import { SignedOutError } from '../rest/token-source.ts';
import { type ChatWorld, Network, startChatWorld, unreachable } from './chat-world.fixture.ts';
import { contents, isIn, opened, row, shows, subscribed } from './opened-conversation.fixture.ts';

let world: ChatWorld;

beforeEach(async () => {
  world = await startChatWorld();
});

afterEach(async () => {
  await world?.[Symbol.asyncDispose]();
});

describe('the list of conversations', () => {
  it('is read after the subscription, with what is unread', async () => {
    await world.say(world.bob, 'hello');
    const test = world.client();
    const { client, hub } = test;
    await eventually(() => (client.state.loaded ? undefined : 'not loaded'));
    expect(row(test)).toMatchObject({ unreadCount: 1, lastMessageContent: 'hello' });
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
    expect(row(test)).toMatchObject({ unreadCount: 1, lastMessageContent: 'news' });
    expect(arrived).toEqual([message]);
    test.hub.push('MessagesRead', { conversationId: world.id, userId: world.alice.id, readThrough: 2 });
    expect(row(test)?.unreadCount).toBe(0);
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
    await eventually(() => (row(test)?.lastMessageContent === 'meanwhile' ? undefined : 'old'));
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
