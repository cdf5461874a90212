import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/eventually.ts';
import { type ChatWorld, Network, startChatWorld } from './chat-world.fixture.ts';
import { calls, opened, subscribed } from './opened-conversation.fixture.ts';

let world: ChatWorld;

beforeEach(async () => {
  world = await startChatWorld();
});

afterEach(async () => {
  await world?.[Symbol.asyncDispose]();
});

describe('a conversation that its user enters and leaves', () => {
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
    conversation.open();
    await eventually(() => (conversation.state.gone ? undefined : 'not gone'));
    await test.network.quiet();
    const asked = test.network.calls.length;
    test.clock.advance(600_000);
    await test.network.quiet();
    expect(test.network.calls).toHaveLength(asked);
  });
});
