import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/eventually.ts';
import { tokenOf } from '../../chat/chat.fixture.ts';
import {
  answerLost,
  answers,
  type ChatWorld,
  Network,
  startChatWorld,
  type TestClient,
  unreachable,
} from './chat-world.fixture.ts';
import { localStorageOutgoingStore } from './local-storage-outgoing-store.ts';
import { memoryStorage } from './memory-storage.fixture.ts';
import { subscribed } from './opened-conversation.fixture.ts';

const post = 'POST /api/chat/messages';
let world: ChatWorld;
let close: () => void;

beforeEach(async () => {
  world = await startChatWorld();
});

afterEach(async () => {
  close?.();
  await world?.[Symbol.asyncDispose]();
});

function opened(test: TestClient) {
  const conversation = test.client.conversation(world.id);
  close = conversation.open();
  return conversation;
}

const posts = ({ network }: TestClient) => network.calls.filter((call) => call === post).length;
const said = (conversation: ReturnType<typeof opened>) =>
  conversation.state.messages
    .filter(({ system, deleted }) => !system && !deleted)
    .map(({ content, delivery }) => `${content} ${delivery}`);
const shows = (conversation: ReturnType<typeof opened>, expected: string[]) =>
  eventually(() => {
    const shown = String(said(conversation));
    return shown === String(expected) ? undefined : `shows ${shown}`;
  });
const posted = (test: TestClient, count: number) =>
  eventually(() => (posts(test) === count ? undefined : `${posts(test)} posts`));
const waits = (test: TestClient, key: string) =>
  eventually(() => {
    const shown = test.client.conversation(world.id).state.messages.find((each) => each.key === key);
    return shown?.delivery === 'waiting' && shown.error ? undefined : `${shown?.delivery}`;
  });

describe('a message', () => {
  it('is shown at once, and keeps its key when the server has it', async () => {
    const test = world.client();
    const conversation = opened(test);
    const key = conversation.send('hello');
    expect(said(conversation)).toEqual(['hello waiting']);
    await shows(conversation, ['hello sent']);
    expect(conversation.state.messages.at(-1)).toMatchObject({ key, senderId: world.alice.id, number: 2 });
  });

  it('is one message when the server stored it and died before it answered', async () => {
    const network = new Network();
    network.meets(post, answerLost, 2);
    const test = world.client({ network });
    const conversation = opened(test);
    await network.quiet();
    const key = conversation.send('once');
    await waits(test, key);
    test.clock.advance(1_000);
    await posted(test, 2);
    await waits(test, key);
    test.clock.advance(2_000);
    await shows(conversation, ['once sent']);
    expect(posts(test)).toBe(3);
    expect(await world.stored()).toEqual(['once']);
  });

  it('is gone when it was stored, and deleted elsewhere before its sender heard of it', async () => {
    const network = new Network();
    network.meets(post, answerLost);
    const test = world.client({ network });
    const conversation = opened(test);
    await network.quiet();
    await waits(test, conversation.send('oops'));
    const { body } = await world.alice.get(`/api/chat/conversations/${world.id}/messages`);
    expect((await world.alice.delete(`/api/chat/messages/${body[0].id}`)).status).toBe(200);
    conversation.send('goes on');
    test.clock.advance(1_000);
    await shows(conversation, ['goes on sent']);
    expect(conversation.state.messages.filter(({ delivery }) => delivery !== 'sent')).toEqual([]);
    expect(await world.stored()).toEqual(['goes on']);
  });

  it('is sent no more when the hub shows it before its answer comes', async () => {
    const network = new Network();
    network.meets(post, answerLost);
    const test = world.client({ network });
    const conversation = opened(test);
    await network.quiet();
    const key = conversation.send('echo');
    await waits(test, key);
    const { body } = await world.alice.get(`/api/chat/conversations/${world.id}/messages`);
    test.hub.push('ReceiveMessage', body[0]);
    await shows(conversation, ['echo sent']);
    test.clock.advance(60_000);
    await network.quiet();
    expect(posts(test)).toBe(1);
  });

  it('is sent no more when it is found in the history', async () => {
    const network = new Network();
    network.meets(post, answerLost);
    const test = world.client({ network });
    const conversation = test.client.conversation(world.id);
    await waits(test, conversation.send('found'));
    opened(test);
    await shows(conversation, ['found sent']);
    test.clock.advance(60_000);
    await network.quiet();
    expect(posts(test)).toBe(1);
  });

  it('keeps its place before those that were sent after it', async () => {
    const network = new Network();
    network.meets(post, answers(503), 1);
    network.meets(post, unreachable, 1);
    const test = world.client({ network });
    const conversation = opened(test);
    // A subscription tries at once what waits.
    await subscribed(test, 1);
    await network.quiet();
    const keys = ['one', 'two', 'three'].map((content) => conversation.send(content));
    await waits(test, keys[0] ?? '');
    expect(posts(test)).toBe(1);
    test.clock.advance(1_000);
    await posted(test, 2);
    await waits(test, keys[0] ?? '');
    test.clock.advance(2_000);
    await shows(conversation, ['one sent', 'two sent', 'three sent']);
    expect(await world.stored()).toEqual(['one', 'two', 'three']);
  });

  it('waits as long as a server asks it to, also when somebody is impatient', async () => {
    const network = new Network();
    network.meets(post, answers(429, { 'retry-after': '7' }));
    const test = world.client({ network });
    const conversation = opened(test);
    await waits(test, conversation.send('later'));
    test.clock.advance(6_000);
    test.client.retryNow();
    await network.quiet();
    expect(posts(test)).toBe(1);
    test.clock.advance(1_000);
    await shows(conversation, ['later sent']);
  });

  it('goes out when the network is back, in order', async () => {
    const network = new Network();
    network.meets('', unreachable, Number.POSITIVE_INFINITY);
    const test = world.client({ network });
    const conversation = opened(test);
    for (const content of ['one', 'two']) conversation.send(content);
    await eventually(() => (posts(test) > 0 ? undefined : 'no attempt'));
    expect(said(conversation)).toHaveLength(2);
    network.heal();
    await eventually(() => {
      test.client.wake();
      return String(said(conversation)) === 'one sent,two sent' ? undefined : `${said(conversation)}`;
    });
    expect(await world.stored()).toEqual(['one', 'two']);
  });
});

describe('a refusal', () => {
  it('is final, and lets the next ones pass', async () => {
    const test = world.client();
    const conversation = opened(test);
    const key = conversation.send('x'.repeat(10_001));
    conversation.send('next');
    await shows(conversation, ['next sent', `${'x'.repeat(10_001)} failed`]);
    test.clock.advance(600_000);
    await test.network.quiet();
    expect(posts(test)).toBe(2);
    expect(conversation.state.messages.at(-1)?.error).toMatchObject({ code: 'bad_request', retryable: false });
    conversation.discard(key);
    expect(said(conversation)).toEqual(['next sent']);
  });

  it('of one that was another message under the same id says so', async () => {
    const outgoing = localStorageOutgoingStore({ user: 'alice', storage: memoryStorage() });
    const message = {
      clientMessageId: 'c-1',
      conversationId: world.id,
      type: 0,
      createdAt: '2026-01-01T00:00:00.000Z',
    };
    await world.alice.post('/api/chat/messages', { ...message, content: 'first' });
    await outgoing.put({ ...message, content: 'second' });
    const test = world.client({ outgoing });
    const conversation = opened(test);
    await eventually(() => {
      const failed = test.network.calls.includes(post) && (conversation.state.messages.at(-1)?.content ?? '');
      return failed === 'first' ? undefined : `${failed}`;
    });
    expect(await world.stored()).toEqual(['first']);
  });

  it('can be tried anew by hand', async () => {
    const network = new Network();
    network.meets(post, answers(403));
    const test = world.client({ network });
    const conversation = opened(test);
    const key = conversation.send('again');
    await shows(conversation, ['again failed']);
    conversation.retry(key);
    await shows(conversation, ['again sent']);
  });
});

describe('a token that is refused', () => {
  it('is replaced once, and the message goes out', async () => {
    let refusals = 0;
    const good = await tokenOf(world.alice.id);
    let current = 'stale';
    const test = world.client({
      tokens: {
        token: async () => current,
        refused: async () => {
          refusals += 1;
          current = good;
          return good;
        },
      },
    });
    await eventually(() => (test.client.state.loaded ? undefined : 'not loaded'));
    const conversation = opened(test);
    current = 'stale';
    refusals = 0;
    await eventually(() => (conversation.state.loaded ? undefined : 'not loaded'));
    current = 'stale';
    refusals = 0;
    conversation.send('hello');
    await shows(conversation, ['hello sent']);
    expect(refusals).toBe(1);
    expect(posts(test)).toBe(2);
  });

  it('for good leaves the message for the next session', async () => {
    const outgoing = localStorageOutgoingStore({ user: 'alice', storage: memoryStorage() });
    const network = new Network();
    network.meets(post, answers(401), 2);
    const test = world.client({ outgoing, network });
    const conversation = opened(test);
    conversation.send('kept');
    await shows(conversation, ['kept failed']);
    expect(await outgoing.all()).toHaveLength(1);
  });
});

describe('a restart', () => {
  it('loses nothing that was not sent, and sends it in order before anything new', async () => {
    const storage = memoryStorage();
    const network = new Network();
    network.meets(post, answerLost);
    network.meets(post, unreachable, Number.POSITIVE_INFINITY);
    const before = world.client({ network, outgoing: localStorageOutgoingStore({ user: 'alice', storage }) });
    const conversation = opened(before);
    for (const content of ['one', 'two']) conversation.send(content);
    await eventually(() => (posts(before) > 0 ? undefined : 'no attempt'));
    before.client.stop();

    const outgoing = localStorageOutgoingStore({ user: 'alice', storage });
    const after = world.client({ outgoing });
    const again = after.client.conversation(world.id);
    again.send('three');
    const end = again.open();
    await shows(again, ['one sent', 'two sent', 'three sent']);
    end();
    expect(await world.stored()).toEqual(['one', 'two', 'three']);
    await eventually(async () => ((await outgoing.all()).length === 0 ? undefined : 'still kept'));
  });
});
