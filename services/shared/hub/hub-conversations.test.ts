import { describe, expect, it } from 'vitest';
import { userChannel } from '#shared/contract/names.ts';
import { FakeClock } from '#test/fake-clock.ts';
import type { HubLimits } from './hub-limits.ts';
import { ScriptedConnection, ScriptedProtocol } from './scripted-connection.fixture.ts';
import { quiet, settle, until } from './settle.fixture.ts';
import type { ChatClient } from './simulated-chat-hubs.fixture.ts';
import { simulateChatHubs } from './simulated-chat-hubs.fixture.ts';

const start = (limits: Partial<HubLimits> = {}) => simulateChatHubs(new FakeClock(), limits);

describe('conversations: order and once', () => {
  it('hands a row to each client once, although it comes on the channel of every user here', async () => {
    const { chat, here, push } = start();
    const group = chat.create('alice', 'bob', 'carol');
    const clients = [await here.accept('alice'), await here.accept('bob'), await here.accept('bob')];
    push(group.send(), group.send());
    await until(() => clients.every(({ received }) => received().length > 1), 'two rows each');
    expect(clients.map(({ received }) => received())).toEqual([
      [2, 3],
      [2, 3],
      [2, 3],
    ]);
    expect(clients[0]?.methods()).toEqual(['ReceiveMessage']);
  });

  it('encodes a row once per protocol, for all users', async () => {
    const { chat, here, push } = start();
    const group = chat.create('alice', 'bob');
    const protocols = [new ScriptedProtocol('a'), new ScriptedProtocol('b')];
    const clients: ChatClient[] = [];
    for (let count = 0; count < 6; count += 1) {
      const protocol = protocols[count % 2] as ScriptedProtocol;
      clients.push(await here.accept(new ScriptedConnection(count < 3 ? 'alice' : 'bob', { protocol })));
    }
    push(group.send());
    await until(() => clients.every(({ received }) => received().length === 1), 'the row everywhere');
    expect(protocols.map(({ encodings }) => encodings)).toEqual([1, 1]);
  });

  it('reorders frames without asking, and repairs a lost one once for all', async () => {
    const { chat, here, push, clock } = start();
    const group = chat.create('alice', 'bob');
    const clients = [await here.accept('alice'), await here.accept('bob')];
    const [first, second] = [group.send(), group.send()];
    push(second, first);
    await until(() => clients.every(({ received }) => received().length === 2), 'two rows each');
    expect(chat.reads.changes).toBe(0);
    group.send();
    push(group.send());
    await settle(clock, () => clients.every(({ received }) => received().length === 4), 'four rows each');
    for (const { received } of clients) expect(received()).toEqual([2, 3, 4, 5]);
    expect(chat.reads.changes).toBe(1);
  });

  it('notices a lost last row by comparing heads', async () => {
    const { chat, here, clock } = start();
    const group = chat.create('alice', 'bob');
    const { received } = await here.accept('alice');
    group.send();
    await settle(clock, () => received().length === 1, 'the lost row');
  });

  it('keeps two conversations apart, and strangers out', async () => {
    const { chat, here, push } = start();
    const [one, other] = [chat.create('alice', 'bob'), chat.create('alice', 'carol')];
    const [alice, bob, dave] = [await here.accept('alice'), await here.accept('bob'), await here.accept('dave')];
    push(one.send(), other.send(), other.send(), one.send());
    await until(() => alice.received().length === 4 && bob.received().length === 2, 'all rows');
    expect(alice.received()).toEqual([2, 2, 3, 3]);
    expect(bob.of('ReceiveMessage').every((body) => body.includes(one.id))).toBe(true);
    expect(dave.connection.received).toEqual([]);
  });

  it('tells changes to those that subscribed only', async () => {
    const { chat, here, push } = start();
    const group = chat.create('alice', 'bob');
    const [stock, sdk] = [await here.accept('alice'), await here.accept('bob')];
    await sdk.membership.subscribeChat({});
    push(group.send(), group.edit(2), group.delete(2), group.send());
    await until(() => sdk.connection.received.length === 4, 'all four');
    expect(sdk.connection.received.map((message) => message.split(' ', 1)[0])).toEqual([
      'ReceiveMessage',
      'MessageChanged',
      'MessageDeleted',
      'ReceiveMessage',
    ]);
    expect(stock.received()).toEqual([2, 3]);
    expect(stock.methods()).toEqual(['ReceiveMessage']);
  });
});

describe('conversations: taking part', () => {
  it('subscribes a user before the memberships are read, and reads them once for all connections', async () => {
    const { chat, here } = start();
    chat.create('alice', 'bob');
    const gate = Promise.withResolvers<void>();
    chat.gates.memberships = gate.promise;
    const accepting = [here.accept('alice'), here.accept('alice'), here.accept('alice')];
    await until(() => chat.reads.memberships === 1, 'a read');
    expect(here.backplane.channels).toEqual([userChannel('alice' as never)]);
    gate.resolve();
    await Promise.all(accepting);
    await here.accept('alice');
    expect(chat.reads.memberships).toBe(1);
  });

  it('keeps a row that comes while the memberships are read', async () => {
    const { chat, here, push } = start();
    const group = chat.create('alice', 'bob');
    const gate = Promise.withResolvers<void>();
    chat.gates.memberships = gate.promise;
    const { received } = here.join('alice');
    await until(() => chat.reads.memberships === 1, 'a read');
    push(group.send());
    gate.resolve();
    await until(() => received().length === 1, 'the row');
    push(group.send());
    await until(() => received().length === 2, 'the next row');
    expect(received()).toEqual([2, 3]);
  });

  it('accepts clients while the service is down, and hands them what comes meanwhile', async () => {
    const { chat, here, push, clock } = start();
    const group = chat.create('alice', 'bob');
    chat.down = true;
    const early = here.join('alice');
    await settle(clock, () => here.hub.chatSourceFailing, 'a failing read');
    // Nobody waits for a service that is known to be down.
    const { received } = await here.accept('bob');
    push(group.send());
    chat.down = false;
    await settle(clock, () => received().length === 1 && early.received().length === 1, 'the row');
    expect(received()).toEqual([2]);
    await settle(clock, () => !here.hub.chatSourceFailing, 'the service is known to answer');
  });

  it('hands rows that came before the memberships also to one who shares the conversation with others here', async () => {
    const { chat, here, push, clock } = start();
    const group = chat.create('alice', 'bob');
    const alice = await here.accept('alice');
    chat.gates.memberships = Promise.reject(new Error('down'));
    chat.gates.memberships.catch(() => {});
    const bob = here.join('bob');
    await settle(clock, () => here.hub.chatSourceFailing, 'a failing read');
    push(group.send(), group.send());
    await until(() => alice.received().length === 2, "alice's rows");
    delete chat.gates.memberships;
    await settle(clock, () => bob.received().length === 2, "bob's rows");
    push(group.send());
    await until(() => bob.received().length === 3 && alice.received().length === 3, 'the next row');
    expect([alice.received(), bob.received()]).toEqual([
      [2, 3, 4],
      [2, 3, 4],
    ]);
  });

  it('does not let a chat service that is down disturb notifications', async () => {
    const { chat, here } = start();
    chat.down = true;
    here.join('alice');
    await quiet();
    expect([here.hub.chatSourceFailing, here.hub.sourceFailing]).toEqual([true, false]);
    await here.hub.prepare([]);
  });

  it('reads everything again when the backplane is back', async () => {
    const { chat, here, clock } = start({ compareEveryMs: 3_600_000 });
    const old = chat.create('alice', 'bob');
    const alice = await here.accept('alice');
    here.backplane.goDown();
    old.send();
    const group = chat.create('bob', 'alice');
    clock.advance(60_000);
    here.backplane.comeUp();
    await settle(clock, () => alice.received().length === 2, 'the row of each');
    expect(alice.of('ReceiveMessage').some((body) => body.includes(group.id))).toBe(true);
  });

  it('finds out who was removed while the backplane was away', async () => {
    const { chat, here, clock } = start({ compareEveryMs: 3_600_000 });
    const group = chat.create('alice', 'bob');
    const sdk = await here.accept('alice');
    await sdk.membership.subscribeChat({});
    here.backplane.goDown();
    group.remove('alice');
    here.backplane.comeUp();
    await settle(clock, () => sdk.of('MembershipChanged').length === 1, 'the news');
  });

  it('forgets a user after the linger, and all that only he was in', async () => {
    const { chat, here, push, clock } = start({ lingerMs: 1_000 });
    const group = chat.create('alice', 'bob');
    const { membership } = await here.accept('alice');
    membership.leave();
    push(group.send());
    expect(await here.count('hub_frames_without_member_total')).toBe(1);
    clock.advance(900);
    expect([here.backplane.channels.length, await here.count('hub_streams')]).toEqual([1, 1]);
    clock.advance(200);
    expect([here.backplane.channels.length, await here.count('hub_streams')]).toEqual([0, 0]);
    const { received } = await here.accept('alice');
    push(group.send());
    await until(() => received().length === 1, 'the new row');
    expect(received()).toEqual([3]);
  });

  it('goes on where it was for a user who comes back within the linger', async () => {
    const { chat, here, push, clock } = start();
    const group = chat.create('alice', 'bob');
    const first = await here.accept('alice');
    first.membership.leave();
    clock.advance(1_000);
    const { received } = await here.accept('alice');
    expect(chat.reads.memberships).toBe(1);
    push(group.send());
    await until(() => received().length === 1, 'the row');
  });

  it('does nothing for a row whose recipients are elsewhere', async () => {
    const { chat, here, there, push } = start();
    const group = chat.create('alice', 'bob');
    await here.accept('alice');
    await there.accept('dave');
    push(group.send());
    await quiet();
    expect(await there.count('hub_frames_total')).toBe(0);
    expect(await here.count('hub_frames_total')).toBe(1);
  });
});

describe('conversations: subscribing with cursors', () => {
  it('answers the place of each conversation that the user is in, and nothing of others', async () => {
    const { chat, here } = start();
    const [one, two, foreign] = [chat.create('alice', 'bob'), chat.create('alice'), chat.create('bob')];
    one.send();
    const { membership } = await here.accept('alice');
    const asked = {
      [one.id]: 'epoch.1',
      [two.id]: 'other.1',
      [foreign.id]: null,
      ['f'.repeat(24)]: null,
      nonsense: null,
    };
    expect(await membership.subscribeChat(asked)).toEqual({
      conversations: {
        [one.id]: { cursor: 'epoch.2', reload: false },
        [two.id]: { cursor: 'epoch.1', reload: true },
      },
    });
    expect(await membership.subscribeChat({ [two.id.toUpperCase()]: null })).toEqual({
      conversations: { [two.id]: { cursor: 'epoch.1', reload: false } },
    });
  });

  it.each([[undefined], [null], ['x'], [5], [[]], [{ a: 5 }], [{ a: { $ne: null } }], [{ a: 'x'.repeat(129) }]])(
    'refuses %j',
    async (cursors) => {
      const { here } = start();
      const { membership } = await here.accept('alice');
      await expect(membership.subscribeChat(cursors)).rejects.toMatchObject({ code: 'bad_request' });
    },
  );

  it('takes 500 conversations a call and no more', async () => {
    const { here } = start();
    const { membership } = await here.accept('alice');
    const cursors = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [index, null]));
    expect(await membership.subscribeChat(cursors(500))).toEqual({ conversations: {} });
    await expect(membership.subscribeChat(cursors(501))).rejects.toMatchObject({ code: 'bad_request' });
  });

  it('is unavailable when the service does not answer in time, and then tells no changes', async () => {
    const { chat, here, push, clock } = start();
    const group = chat.create('alice');
    chat.down = true;
    const { membership, connection } = here.join('alice');
    const refused = expect(membership.subscribeChat({})).rejects.toMatchObject({ code: 'unavailable' });
    clock.advance(10_000);
    await refused;
    chat.down = false;
    push(group.send(), group.edit(1));
    await settle(clock, () => connection.received.length > 0, 'the row');
    expect(connection.received).toHaveLength(1);
  });

  it('sends those that subscribed back when the conversations have a new life, once', async () => {
    const { chat, here, push, clock } = start();
    const groups = [chat.create('alice', 'bob'), chat.create('alice', 'bob')];
    const [stock, sdk] = [await here.accept('alice'), await here.accept('bob')];
    await sdk.membership.subscribeChat({});
    chat.epoch = 'restored';
    for (const group of groups) group.epoch = 'restored';
    await settle(clock, () => sdk.connection.closedBy === 'reload', 'the close');
    await settle(clock, () => chat.reads.members > 0, 'members of the new life');
    expect(stock.connection.closedBy).toBeUndefined();
    for (const group of groups) push(group.send());
    await settle(clock, () => stock.received().length === 2, 'the next rows');
    expect(stock.received()).toEqual([2, 2]);
  });
});
