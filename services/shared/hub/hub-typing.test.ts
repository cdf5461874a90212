import { describe, expect, it } from 'vitest';
import { smallConversation } from '#shared/contract/chat-dto.ts';
import { decodeSignalFrame } from '#shared/contract/signal-frame.ts';
import { FakeClock } from '#test/fake-clock.ts';
import type { HubLimits } from './hub-limits.ts';
import { quiet, until } from './settle.fixture.ts';
import { type ChatClient, simulateChatHubs } from './simulated-chat-hubs.fixture.ts';

const crowd = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`);

/** Counts what typing costs: signals on the backplane, and calls to clients. */
function start(limits: Partial<HubLimits> = {}) {
  const world = simulateChatHubs(new FakeClock(), limits);
  const published = { typing: 0, stoppedTyping: 0 };
  for (const { backplane } of world.workers) {
    const { publishMany } = backplane;
    backplane.publishMany = (channels, frame) => {
      const signal = decodeSignalFrame(frame);
      if (signal?.kind === 'typing' || signal?.kind === 'stoppedTyping') published[signal.kind] += channels.length;
      return publishMany.call(backplane, channels, frame);
    };
  }
  return { ...world, published };
}

const told = ({ of }: ChatClient) => [of('UserTyping').length, of('UserStoppedTyping').length];

describe('typing of one user', () => {
  it('is passed on once in a while, however many connections he has', async () => {
    const { chat, here, there, clock } = start({ typingEveryMs: 2_000 });
    const group = chat.create('alice', 'bob', ...crowd(smallConversation));
    const tabs = await Promise.all(crowd(30).map(() => here.accept('alice')));
    const bob = await there.accept('bob');
    const everyTab = (state: 'started' | 'stopped') => {
      for (const { membership } of tabs) membership.typing(group.id, state);
    };
    everyTab('started');
    await until(() => bob.of('UserTyping').length > 0, 'typing');
    everyTab('started');
    everyTab('stopped');
    everyTab('started');
    await quiet();
    expect(told(bob)).toEqual([1, 1]);
    clock.advance(2_000);
    everyTab('started');
    await quiet();
    expect(told(bob)).toEqual([2, 1]);
  });

  it('goes on while one of his connections types', async () => {
    const { chat, here } = start();
    const group = chat.create('alice', 'bob', ...crowd(smallConversation));
    const [one, two, bob] = [await here.accept('alice'), await here.accept('alice'), await here.accept('bob')];
    one.membership.typing(group.id, 'started');
    two.membership.typing(group.id, 'started');
    await until(() => bob.of('UserTyping').length === 1, 'typing');
    one.membership.leave();
    await quiet();
    expect(told(bob)).toEqual([1, 0]);
    two.membership.typing(group.id, 'stopped');
    await until(() => bob.of('UserStoppedTyping').length === 1, 'the end');
  });

  it('is no less limited for one who connects anew each time', async () => {
    const { chat, here, clock } = start({ typingEveryMs: 2_000 });
    const group = chat.create('alice', 'bob', ...crowd(smallConversation));
    const bob = await here.accept('bob');
    for (let round = 0; round < 10; round += 1) {
      const { membership } = await here.accept('alice');
      membership.typing(group.id, 'started');
      membership.leave();
    }
    await quiet();
    expect(told(bob)).toEqual([1, 1]);
    clock.advance(2_000);
    (await here.accept('alice')).membership.typing(group.id, 'started');
    await until(() => bob.of('UserTyping').length === 2, 'typing again');
  });

  it('is passed on in 16 conversations at a time, over all his connections', async () => {
    const { chat, here, there } = start();
    const groups = crowd(40).map(() => chat.create('alice', 'bob', ...crowd(smallConversation)));
    const tabs = [await here.accept('alice'), await here.accept('alice')];
    const bob = await there.accept('bob');
    for (const [index, { id }] of groups.entries()) tabs[index % 2]?.membership.typing(id, 'started');
    await until(() => bob.of('UserTyping').length > 0, 'typing');
    await quiet();
    expect(told(bob)).toEqual([16, 0]);
  });
});

describe('typing of a crowd', () => {
  it('shows eight of a worker at a time, and the next one when one of them stops or falls silent', async () => {
    const { chat, here, there, clock } = start();
    const names = crowd(10);
    const group = chat.create('bob', ...names, ...crowd(smallConversation));
    const typists = await Promise.all(names.map((name) => here.accept(name)));
    const bob = await there.accept('bob');
    const type = (index: number, state: 'started' | 'stopped' = 'started') =>
      typists[index]?.membership.typing(group.id, state);
    for (const index of names.keys()) type(index);
    await until(() => bob.of('UserTyping').length === 8, 'eight typists');
    type(9, 'stopped');
    await quiet();
    expect(told(bob)).toEqual([8, 0]);
    type(0, 'stopped');
    type(8);
    await until(() => bob.of('UserTyping').length === 9, 'the ninth');
    type(9);
    await quiet();
    expect(told(bob)).toEqual([9, 1]);
    clock.advance(6_000);
    type(9);
    await until(() => bob.of('UserTyping').length === 10, 'the tenth');
  });

  it('that reconnects and types costs messages that grow with the users, not with their square', async () => {
    async function reconnectAll(count: number): Promise<{ published: number; received: number }> {
      const { chat, here, there, clock, published } = start();
      const names = crowd(count);
      const group = chat.create('alice', ...names, ...crowd(smallConversation));
      const clients = await Promise.all(names.map((name) => here.accept(name)));
      for (const { membership } of clients) membership.typing(group.id, 'started');
      await quiet();
      for (const { membership } of clients) membership.leave();
      const after = await Promise.all(names.map((name) => there.accept(name)));
      for (let second = 0; second < 5; second += 1) {
        for (const { membership } of after) membership.typing(group.id, 'started');
        clock.advance(1_000);
        await quiet();
      }
      const received = [...clients, ...after].flatMap(told).reduce((sum, one) => sum + one, 0);
      return { published: published.typing + published.stoppedTyping, received };
    }
    const [one, two] = [await reconnectAll(60), await reconnectAll(120)];
    expect(one.received).toBeGreaterThan(60);
    expect(two.published).toBeLessThanOrEqual(one.published * 1.2);
    expect(two.received).toBeGreaterThan(one.received);
    expect(two.received).toBeLessThanOrEqual(one.received * 2.2);
  });
});
