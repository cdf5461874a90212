import { describe, expect, it } from 'vitest';
import { smallConversation } from '#shared/contract/chat-dto.ts';
import { userChannel } from '#shared/contract/names.ts';
import { encodePushFrame, type PushFrame } from '#shared/contract/push-frame.ts';
import { FakeClock } from '#test/fake-clock.ts';
import { quiet, settle } from './settle.fixture.ts';
import { simulateChatHubs } from './simulated-chat-hubs.fixture.ts';

const start = () => simulateChatHubs(new FakeClock());
const crowd = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`);

/** Bob is out for a while, and back before any worker hears that he was out. */
describe('a member who was out and is back before a worker hears of it', () => {
  const ways = [
    ['is removed from a small conversation', 0, 'remove'],
    ['leaves a small conversation', 0, 'leave'],
    ['is removed from a large conversation', smallConversation, 'remove'],
  ] as const;

  it.each(ways)('gets what came before and what comes after, from his return on: %s', async (_what, more, way) => {
    const { chat, here, there, push, clock } = start();
    const group = chat.create('alice', 'bob', ...crowd(more));
    const alice = await here.accept('alice');
    const bobs = [await here.accept('bob'), await there.accept('bob')];
    const before = group.send();
    const missed = [group[way]('bob'), group.send(), group.send()];
    const back = [group.add('bob'), group.send()];
    push(before, ...missed, ...back);
    await settle(clock, () => alice.received().length === 6, "alice's rows");
    await settle(clock, () => bobs.every(({ received }) => received().at(-1) === 7), "bob's last row");
    for (const { received } of bobs) expect(received()).toEqual([2, 6, 7]);
  });

  it('gets the same when every frame was lost and the rows are read from the service', async () => {
    const { chat, here, clock } = start();
    const group = chat.create('alice', 'bob');
    const [alice, bob] = [await here.accept('alice'), await here.accept('bob')];
    group.send();
    for (let round = 0; round < 2; round += 1) {
      group.remove('bob');
      group.send();
      group.add('bob');
    }
    group.send();
    await settle(clock, () => alice.received().length === 8, "alice's rows");
    expect(alice.received()).toEqual([2, 3, 4, 5, 6, 7, 8, 9]);
    expect(bob.received()).toEqual([2, 5, 8, 9]);
  });

  it('gets no row of before in the state that it took while he was out, although a repair brings it first', async () => {
    const { chat, here, clock } = start();
    const group = chat.create('alice', 'bob');
    const [alice, bob] = [await here.accept('alice'), await here.accept('bob')];
    const { frame } = group.send();
    group.remove('bob');
    group.edit(frame.number);
    group.add('bob');
    group.send();
    await settle(clock, () => alice.received().length === 4, "alice's rows");
    await settle(clock, () => bob.received().at(-1) === 5, 'the last row');
    expect([alice.received(), bob.received()]).toEqual([
      [2, 3, 4, 5],
      [4, 5],
    ]);
  });

  it('gets a row that he missed, and that was changed since, as a change: if he asked for those', async () => {
    const { chat, here, clock } = start();
    const group = chat.create('alice', 'bob');
    const [stock, sdk] = [await here.accept('bob'), await here.accept('bob')];
    await sdk.membership.subscribeChat({});
    group.remove('bob');
    const { frame } = group.send();
    group.add('bob');
    group.edit(frame.number);
    group.send();
    await settle(clock, () => [stock, sdk].every(({ received }) => received().at(-1) === 5), 'the last row');
    expect([stock.received(), sdk.received()]).toEqual([
      [4, 5],
      [4, 5],
    ]);
    expect(sdk.of('MessageChanged').map((body) => JSON.parse(body).number)).toEqual([frame.number]);
    expect(stock.methods()).toEqual(['ReceiveMessage']);
  });

  it('is in again also when the row of his return names nobody', async () => {
    const { chat, here, push, clock } = start();
    const group = chat.create('alice', 'bob');
    const bob = await here.accept('bob');
    const removal = group.remove('bob');
    const missed = group.send();
    group.users.add('bob' as never);
    push(removal, missed, group.add(), group.send());
    await settle(clock, () => bob.received().at(-1) === 5, 'the row of his return and the next');
    push(group.send());
    await settle(clock, () => bob.received().at(-1) === 6, 'the last row');
    expect(bob.received()).toEqual([4, 5, 6]);
  });

  it('and is gone for good in the end gets nothing of it', async () => {
    const { chat, here, push, clock } = start();
    const group = chat.create('alice', 'bob');
    const [alice, bob] = [await here.accept('alice'), await here.accept('bob')];
    push(group.remove('bob'), group.send(), group.add('bob'), group.send(), group.remove('bob'), group.send());
    await settle(clock, () => alice.received().length === 6, "alice's rows");
    await quiet();
    expect(bob.received()).toEqual([]);
  });
});

it('who comes in gets nothing from before, although that is addressed to him and names nobody', async () => {
  const { chat, here, push, clock } = start();
  const group = chat.create('alice');
  const [created] = group.rows;
  const bob = await here.accept('bob');
  group.add('bob');
  // The service looks for whom it is only when it publishes what another process has left behind.
  const frame = {
    ...created,
    stream: group.stream,
    epoch: group.epoch,
    body: Buffer.from(JSON.stringify(created?.body)),
  };
  push({ channels: [userChannel('bob' as never)], bytes: encodePushFrame(frame as PushFrame) });
  await settle(clock, () => bob.received().length > 0, 'a row');
  push(group.send());
  await settle(clock, () => bob.received().at(-1) === 3, 'the last row');
  expect(bob.received()).toEqual([2, 3]);
});

/** Rows wait for the members of a version that is not read yet, and somebody comes meanwhile. */
describe('who comes in while older rows wait', () => {
  it.each([
    ['gets none from before he was in', 'bob', ['alice'], [4, 5]],
    ['gets all of them if he was in', 'bob', ['alice', 'bob'], [2, 3, 4, 5]],
    ['gets none from before he was in, of several that were let in', 'dora', ['alice'], [5]],
  ] as const)('%s', async (_what, who, first, expected) => {
    const { chat, here, push, clock } = start();
    const group = chat.create(...first);
    const alice = await here.accept('alice');
    let answer = () => {};
    chat.gates.members = new Promise((resolve) => (answer = resolve));
    const [one, two, three, four] = [
      group.send(),
      group.send(),
      group.add(first.length > 1 ? 'carol' : 'bob'),
      group.add('dora'),
    ];
    push(four, one, two);
    await quiet();
    const late = await here.accept(who);
    answer();
    await quiet();
    push(three);
    await settle(clock, () => alice.received().length === 4, "alice's rows");
    await settle(clock, () => late.received().at(-1) === 5, 'the last row');
    expect(late.received()).toEqual(expected);
  });
});
