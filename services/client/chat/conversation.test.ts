import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/eventually.ts';
import type { MessageDto } from '../../shared/contract/chat-dto.ts';
import { type ChatWorld, Network, startChatWorld, unreachable } from './chat-world.fixture.ts';
import { calls, contents, feedOf, isIn, opened, row, shows, subscribed } from './opened-conversation.fixture.ts';

let world: ChatWorld;

beforeEach(async () => {
  world = await startChatWorld();
});

afterEach(async () => {
  await world?.[Symbol.asyncDispose]();
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
    const before = calls(test, feedOf(world.id)).length;
    const rows: MessageDto[] = [];
    for (const content of ['one', 'two', 'three', 'four']) rows.push(await world.say(world.bob, content));
    test.hub.push('ReceiveMessage', rows[1]);
    test.hub.push('ReceiveMessage', rows[0]);
    test.clock.advance(1_000);
    await test.network.quiet();
    expect(calls(test, feedOf(world.id))).toHaveLength(before);
    test.hub.push('ReceiveMessage', rows[3]);
    test.clock.advance(1_000);
    await shows(conversation, ['one', 'two', 'three', 'four']);
    expect(calls(test, feedOf(world.id))).toHaveLength(before + 1);
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

  it('is brought up to date when it is opened again', async () => {
    const test = world.client();
    const conversation = test.client.conversation(world.id);
    const end = conversation.open();
    await eventually(() => (conversation.state.loaded ? undefined : 'not loaded'));
    end();
    test.hub.push('ReceiveMessage', await world.say(world.bob, 'meanwhile'));
    expect(contents(conversation)).toEqual([]);
    conversation.open();
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
    expect(row(test)?.unreadCount).toBe(1);
    await Promise.all([conversation.markRead(1), conversation.markRead(), conversation.markRead()]);
    expect(row(test)?.unreadCount).toBe(0);
    await conversation.markRead();
    expect(calls(test, `POST /api/chat/conversations/${world.id}/read`)).toHaveLength(1);
    test.hub.push('ReceiveMessage', await world.say(world.bob, 'unread'));
    await conversation.markRead();
    const { body } = await world.alice.get(`/api/chat/conversations/${world.id}`);
    expect(body).toMatchObject({ unreadCount: 0, readThrough: 3 });
  });

  it('reads on after a fault that it shows', async () => {
    const network = new Network();
    network.meets(`GET /api/chat/conversations/${world.id}`, unreachable, Number.POSITIVE_INFINITY);
    const test = world.client({ network });
    const conversation = test.client.conversation(world.id);
    conversation.open();
    await eventually(() => (conversation.state.fault ? undefined : 'no fault'));
    network.heal();
    test.clock.advance(2_000);
    await eventually(() => (conversation.state.loaded && !conversation.state.fault ? undefined : 'not loaded'));
  });
});
