import { describe, expect, it } from 'vitest';
import { smallConversation } from '#shared/contract/chat-dto.ts';
import { streamChannel, userChannel } from '#shared/contract/names.ts';
import { FakeClock } from '#test/fake-clock.ts';
import type { HubLimits } from './hub-limits.ts';
import { ScriptedConnection } from './scripted-connection.fixture.ts';
import { quiet, settle, until } from './settle.fixture.ts';
import { simulateChatHubs } from './simulated-chat-hubs.fixture.ts';

const start = (limits: Partial<HubLimits> = {}) => simulateChatHubs(new FakeClock(), limits);
const crowd = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`);
const signal = (body: object) => body as never;

describe('typing', () => {
  it.each([
    ['small', 0],
    ['large', smallConversation],
  ])('is told to the others of a %s conversation on all workers, and never to the typist', async (_size, more) => {
    const { chat, here, there } = start();
    const group = chat.create('alice', 'bob', ...crowd(more));
    const typist = [await here.accept('alice'), await there.accept('alice')];
    const others = [await here.accept('bob'), await there.accept('bob')];
    const stranger = await here.accept('dave');
    typist[0]?.membership.typing(group.id, 'started');
    await until(() => others.every(({ of }) => of('UserTyping').length > 0), 'typing');
    typist[0]?.membership.typing(group.id, 'stopped');
    await until(() => others.every(({ of }) => of('UserStoppedTyping').length > 0), 'the end of typing');
    for (const { connection } of others) {
      expect(connection.received).toEqual([
        `UserTyping "${group.id}" "alice"`,
        `UserStoppedTyping "${group.id}" "alice"`,
      ]);
    }
    expect([...typist, stranger].flatMap(({ connection }) => connection.received)).toEqual([]);
  });

  it('reads who the others are once per membership', async () => {
    const { chat, here, there, push } = start({ typingEveryMs: 0 });
    const group = chat.create('alice', 'bob');
    const [alice, bob] = [await here.accept('alice'), await there.accept('bob')];
    for (let count = 1; count <= 3; count += 1) {
      alice.membership.typing(group.id, 'started');
      await until(() => bob.of('UserTyping').length === count, 'typing');
    }
    expect(chat.reads.members).toBe(1);
    const carol = await there.accept('carol');
    push(group.add('carol'));
    await until(() => carol.received().length === 1 && alice.received().length === 1, 'the joining');
    alice.membership.typing(group.id, 'started');
    await until(() => carol.of('UserTyping').length === 1, 'typing');
  });

  it('is ignored from strangers, former members and for what is no conversation', async () => {
    const { chat, here, there, push } = start();
    const group = chat.create('alice', 'bob', 'carol');
    const [alice, bob] = [await here.accept('alice'), await there.accept('bob')];
    const [former, stranger] = [await here.accept('carol'), await here.accept('dave')];
    push(group.remove('carol'));
    await until(() => alice.received().length === 1, 'the removal');
    for (const { membership } of [former, stranger]) {
      for (const id of [group.id, '', 'x', 'f'.repeat(24)]) membership.typing(id, 'started');
      membership.typing(group.id, 'stopped');
    }
    await quiet();
    expect(bob.methods()).toEqual(['ReceiveMessage']);
    alice.membership.typing(group.id.toUpperCase(), 'started');
    await until(() => bob.of('UserTyping').length === 1, 'typing');
    expect(await here.count('hub_typing_ignored_total')).toBeGreaterThan(0);
  });

  it.each([[undefined], [null], [5], [{}], [['a']]])('refuses %j as a conversation', async (id) => {
    const { here } = start();
    const { membership } = await here.accept('alice');
    expect(() => membership.typing(id, 'started')).toThrow('must be a string');
    expect(() => membership.typing(id, 'stopped')).toThrow('must be a string');
  });

  it('is passed on once in a while per client and conversation, and its end only after it', async () => {
    const { chat, here, there, clock } = start({ typingEveryMs: 2_000 });
    const [one, two] = [chat.create('alice', 'bob'), chat.create('alice', 'bob')];
    const [alice, bob] = [await here.accept('alice'), await there.accept('bob')];
    const type = (times: number) => {
      for (let count = 0; count < times; count += 1) {
        for (const { id } of [one, two]) alice.membership.typing(id, 'started');
        for (const { id } of [one, two]) alice.membership.typing(id, 'stopped');
      }
    };
    alice.membership.typing(one.id, 'stopped');
    alice.membership.typing(one.id, 'started');
    await until(() => bob.of('UserTyping').length === 1, 'typing');
    clock.advance(2_000);
    type(50);
    await until(() => bob.of('UserStoppedTyping').length === 2, 'the ends');
    await quiet();
    // In the other conversation its beginning was overtaken by its end while the members were read.
    expect(bob.of('UserTyping').length).toBeLessThanOrEqual(3);
    clock.advance(2_000);
    type(50);
    await until(() => bob.of('UserStoppedTyping').length === 4, 'the ends again');
  });

  it('in more conversations than anybody types in is ignored', async () => {
    const { chat, here, there } = start();
    const groups = Array.from({ length: 40 }, () => chat.create('alice', 'bob'));
    const [alice, bob] = [await here.accept('alice'), await there.accept('bob')];
    for (const { id } of groups) alice.membership.typing(id, 'started');
    await until(() => bob.of('UserTyping').length > 0, 'typing');
    await quiet();
    expect(bob.of('UserTyping')).toHaveLength(16);
  });

  it('ends with the connection of the typist', async () => {
    const { chat, here, there } = start();
    const group = chat.create('alice', 'bob');
    const [alice, bob] = [await here.accept('alice'), await there.accept('bob')];
    alice.membership.typing(group.id, 'started');
    await until(() => bob.of('UserTyping').length === 1, 'typing');
    alice.membership.leave();
    await until(() => bob.of('UserStoppedTyping').length === 1, 'the end');
  });

  it('is dropped while the backplane is down or the service does not tell who the others are', async () => {
    const { chat, here, there, clock } = start();
    const group = chat.create('alice', 'bob');
    const [alice, bob] = [await here.accept('alice'), await there.accept('bob')];
    chat.membersDown = true;
    alice.membership.typing(group.id, 'started');
    await settle(clock, () => here.hub.chatSourceFailing, 'a failing read');
    clock.advance(10_000);
    chat.membersDown = false;
    await settle(clock, () => !here.hub.chatSourceFailing, 'an answer');
    expect(bob.connection.received).toEqual([]);
    here.backplane.goDown();
    alice.membership.typing(group.id, 'started');
    await quiet();
    expect(bob.connection.received).toEqual([]);
    here.backplane.comeUp();
    clock.advance(2_000);
    alice.membership.typing(group.id, 'started');
    await settle(clock, () => bob.of('UserTyping').length === 1, 'typing');
  });

  it('that claims another typist or conversation reaches nobody', async () => {
    const { chat, here, push } = start();
    const [group, other] = [chat.create('alice', 'bob'), chat.create('alice')];
    const bob = await here.accept('bob');
    const channels = [userChannel('bob' as never)];
    push(other.signal(signal({ kind: 'typing', user: 'alice' }), channels));
    for (const user of [5, '', null, { $ne: 1 }]) push(group.signal(signal({ kind: 'typing', user }), channels));
    push(group.signal(signal({ kind: 'read', user: 'alice', readThrough: 'x' }), channels));
    push(group.signal(signal({ kind: 'unheard-of' }), channels), { channels, bytes: Buffer.of(128, 1, 2) });
    push(group.signal(signal({ kind: 'typing', user: 'alice' }), channels));
    await until(() => bob.connection.received.length === 1, 'typing');
    expect(bob.methods()).toEqual(['UserTyping']);
  });
});

describe('receipts', () => {
  it.each([
    ['small', 0],
    ['large', smallConversation],
  ])('of a %s conversation go to those that subscribed', async (_size, more) => {
    const { chat, here, push } = start();
    const group = chat.create('alice', 'bob', ...crowd(more));
    const [stock, sdk] = [await here.accept('bob'), await here.accept('bob')];
    await sdk.membership.subscribeChat({});
    await until(() => !more || here.backplane.channels.includes(streamChannel(group.stream)), 'its channel');
    push(group.signal(signal({ kind: 'read', user: 'alice', readThrough: 1 })));
    await until(() => sdk.of('MessagesRead').length === 1, 'the receipt');
    expect(JSON.parse(sdk.of('MessagesRead')[0] ?? '')).toEqual({
      conversationId: group.id,
      userId: 'alice',
      readThrough: 1,
    });
    expect(stock.connection.received).toEqual([]);
  });
});

describe('news of a conversation', () => {
  it('comes once to every chat client, after the rows that it tells of', async () => {
    const { chat, here, push } = start();
    const group = chat.create('alice', 'bob');
    const clients = [await here.accept('alice'), await here.accept('bob')];
    const row = group.withNews(group.send());
    push(row);
    await until(() => clients.every(({ of }) => of('UpdateConversation').length === 1), 'the news');
    push(row);
    await quiet();
    for (const { connection, of } of clients) {
      expect(connection.received.map((message) => message.split(' ', 1)[0])).toEqual([
        'ReceiveMessage',
        'UpdateConversation',
      ]);
      expect(JSON.parse(of('UpdateConversation')[0] ?? '')).toEqual(group.dto);
    }
  });

  it('tells the latest of several, and waits for a lost row', async () => {
    const { chat, here, push, clock } = start();
    const group = chat.create('alice', 'bob');
    const alice = await here.accept('alice');
    group.send();
    push(group.withNews(group.send()), group.withNews(group.send()));
    expect(alice.connection.received).toEqual([]);
    await settle(clock, () => alice.of('UpdateConversation').length === 1, 'the news');
    expect(alice.connection.received.map((message) => message.split(' ', 1)[0])).toEqual([
      'ReceiveMessage',
      'ReceiveMessage',
      'ReceiveMessage',
      'UpdateConversation',
    ]);
    expect(alice.of('UpdateConversation')[0]).toContain('row 4');
  });
});

describe('a client that is behind', () => {
  it('gets no typing from a quarter of its cap on, and every message up to the cap', async () => {
    const { chat, here, push } = start({ maxQueuedBytes: 8_000 });
    const group = chat.create('alice', 'bob');
    const slow = await here.accept(new ScriptedConnection('bob'));
    const healthy = await here.accept(new ScriptedConnection('bob'));
    slow.connection.stuck = true;
    let sent = 0;
    let typing = 0;
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    while (!slow.connection.closedBy && sent < 500) {
      push(group.send());
      sent += 1;
      const before = slow.connection.bufferedBytes;
      await turn();
      const after = slow.connection.bufferedBytes;
      push(group.signal(signal({ kind: 'typing', user: 'alice' })));
      await turn();
      if (slow.connection.bufferedBytes > after) typing = slow.connection.bufferedBytes;
      if (!slow.connection.closedBy) expect(after).toBeGreaterThan(before);
    }
    expect(slow.connection.closedBy).toBe('slow');
    expect(typing).toBeGreaterThan(0);
    expect(typing).toBeLessThan(8_000 / 4 + 200);
    expect(slow.connection.bufferedBytes).toBeGreaterThan(7_000);
    expect(healthy.received()).toHaveLength(sent);
    expect(healthy.of('UserTyping')).toHaveLength(sent);
    expect(await here.count('hub_dropped_signals_total')).toBeGreaterThan(0);
  });
});
