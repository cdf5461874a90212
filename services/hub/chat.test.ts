import { HttpTransportType, HubConnectionState } from '@microsoft/signalr';
import { afterEach, describe, expect, it } from 'vitest';
import { hubPaths } from '#shared/contract/names.ts';
import { eventually } from '#test/eventually.ts';
import { JumpingClock } from '#test/jumping-clock.ts';
import { type ChatClient, chatKinds, chatOverSignalR, chatOverSocketIo } from './chat-clients.fixture.ts';
import { signalR, upgrade } from './simulated-clients.fixture.ts';
import { listedOrigin, type SimulatedWorker, startWorker } from './simulated-worker.fixture.ts';

const workers: SimulatedWorker[] = [];
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker[Symbol.asyncDispose]();
});

async function start(...args: Parameters<typeof startWorker>): Promise<SimulatedWorker> {
  const worker = await startWorker(...args);
  workers.push(worker);
  return worker;
}

const hasNumbers = (client: ChatClient, count: number) =>
  eventually(() => (client.numbers().length === count ? undefined : `has ${client.numbers().length} of ${count}`));
const has = (client: ChatClient, method: string, count = 1) =>
  eventually(() => (client.of(method).length === count ? undefined : `has ${client.received.join()}`));

describe.each(Object.entries(chatKinds))('chat over %s', (_kind, connect) => {
  it('gets each message once and in order, news and typing, and no method that a stock client does not know', async () => {
    const worker = await start();
    const group = worker.chat.create('alice', 'bob', 'carol');
    const alice = await connect(worker, 'alice');
    const rows = Array.from({ length: 30 }, () => group.send());
    const [lost, ...others] = rows;
    await worker.push(...others.reverse(), group.withNews(group.edit(5)), ...others);
    await hasNumbers(alice, 30);
    expect(lost?.frame.number).toBe(2);
    expect(alice.numbers()).toEqual(rows.map(({ frame }) => frame.number));
    await has(alice, 'UpdateConversation');
    expect(JSON.parse(alice.of('UpdateConversation')[0] ?? '')).toEqual(group.dto);
    await worker.push(group.signal({ kind: 'typing', user: 'bob' } as never));
    await worker.push(group.signal({ kind: 'stoppedTyping', user: 'bob' } as never));
    await has(alice, 'UserStoppedTyping');
    expect(alice.received.slice(-2)).toEqual([
      `UserTyping "${group.id}" "bob"`,
      `UserStoppedTyping "${group.id}" "bob"`,
    ]);
    const known = new Set(['ReceiveMessage', 'UpdateConversation', 'UserTyping', 'UserStoppedTyping']);
    expect(alice.received.filter((line) => !known.has(line.split(' ', 1)[0] ?? ''))).toEqual([]);
  });

  it('gets changes, receipts and memberships too once it subscribed', async () => {
    const worker = await start();
    const group = worker.chat.create('alice', 'bob');
    const alice = await connect(worker, 'alice');
    expect(await alice.call('SubscribeChat', { [group.id]: 'epoch.0' })).toEqual({
      conversations: { [group.id]: { cursor: 'epoch.1', reload: false } },
    });
    await worker.push(group.send(), group.edit(2), group.delete(2));
    await worker.push(group.signal({ kind: 'read', user: 'bob', readThrough: 2 } as never));
    await has(alice, 'MessagesRead');
    group.remove('alice');
    await worker.push(group.membership('alice'));
    await has(alice, 'MembershipChanged');
    expect(alice.received.map((line) => line.split(' ', 1)[0])).toEqual([
      'ReceiveMessage',
      'MessageChanged',
      'MessageDeleted',
      'MessagesRead',
      'MembershipChanged',
    ]);
  });

  it('tells the others of a conversation who types, and nobody else', async () => {
    const worker = await start();
    const group = worker.chat.create('alice', 'bob');
    const [alice, bob] = [await connect(worker, 'alice'), await chatOverSignalR(worker, 'bob')];
    const dave = await chatOverSocketIo(worker, 'dave');
    expect(await alice.call('TypingStarted', group.id)).toBe(null);
    await has(bob, 'UserTyping');
    await alice.call('TypingStopped', group.id);
    await has(bob, 'UserStoppedTyping');
    expect(bob.received).toEqual([`UserTyping "${group.id}" "alice"`, `UserStoppedTyping "${group.id}" "alice"`]);
    expect([alice.received, dave.received]).toEqual([[], []]);
  });
});

describe('chat of one worker', () => {
  it('shows the same to all clients of a user over all protocols', async () => {
    const worker = await start();
    const group = worker.chat.create('alice', 'bob');
    const clients = await Promise.all(Object.values(chatKinds).map((connect) => connect(worker, 'alice')));
    for (let count = 0; count < 20; count += 1) await worker.push(group.withNews(group.send()));
    for (const client of clients) await hasNumbers(client, 20);
    for (const client of clients) expect(client.numbers()).toEqual(clients[0]?.numbers());
    expect(worker.chat.reads.memberships).toBe(1);
  });

  it('leaves connections of the notifications hub as they are', async () => {
    const worker = await start();
    const group = worker.chat.create('alice', 'bob');
    const notified = signalR(worker, await worker.token('alice'));
    const received: unknown[] = [];
    notified.on('ReceiveMessage', (message) => received.push(message));
    await notified.start();
    await expect(notified.invoke('SubscribeChat', {})).rejects.toThrow('Unknown hub method');
    expect(worker.chat.reads.memberships).toBe(0);
    const chatting = await chatOverSignalR(worker, 'alice');
    await worker.push(group.send());
    await hasNumbers(chatting, 1);
    expect(received).toEqual([]);
  });

  it('lets socket.io clients have notifications and messages on one socket', async () => {
    const worker = await start();
    const group = worker.chat.create('alice', 'bob');
    const alice = await chatOverSocketIo(worker, 'alice');
    await worker.publish(worker.stream.create());
    await worker.push(group.send());
    await eventually(() => (alice.received.length === 2 ? undefined : alice.received.join()));
    expect(alice.received.map((line) => line.split(' ', 1)[0]).sort()).toEqual([
      'ReceiveMessage',
      'ReceiveNotification',
    ]);
  });

  it('accepts clients while the chat service is down, serves notifications, and messages when it answers', async () => {
    const worker = await start({ limits: { placeWaitMs: 50 } });
    const group = worker.chat.create('alice', 'bob');
    worker.chat.down = true;
    const [over, both] = [await chatOverSignalR(worker, 'alice'), await chatOverSocketIo(worker, 'alice')];
    await eventually(() => (worker.hub.chatSourceFailing ? undefined : 'not known to be down'));
    expect(worker.hub.sourceFailing).toBe(false);
    await worker.publish(worker.stream.create());
    await has(both, 'ReceiveNotification');
    await worker.push(group.send());
    worker.chat.down = false;
    await hasNumbers(over, 1);
    await hasNumbers(both, 1);
  });

  it('answers 404 where there is no chat, and socket.io serves the rest', async () => {
    const worker = await start({ withoutChat: true });
    const headers = { authorization: `Bearer ${await worker.token()}` };
    const negotiated = async (path: string) =>
      (await fetch(`${worker.url}${path}/negotiate?negotiateVersion=1`, { method: 'POST', headers })).status;
    expect([await negotiated(hubPaths.chat), await negotiated(hubPaths.notifications)]).toEqual([404, 200]);
    const alice = await chatOverSocketIo(worker, 'alice');
    await worker.publish(worker.stream.create());
    await has(alice, 'ReceiveNotification');
  });

  it('lets in by the same rules of origin and token as notifications', async () => {
    const worker = await start();
    const token = await worker.token();
    const enter = (origin: string, access: string) =>
      upgrade(`${worker.url}${hubPaths.chat}?access_token=${access}`, { origin });
    expect(await enter(listedOrigin, token)).toBe(101);
    expect(await enter('https://evil.example', token)).toBe(403);
    expect(await enter(listedOrigin, await worker.token('alice', -1))).toBe(401);
    expect(await enter(listedOrigin, 'forged')).toBe(401);
  });

  it('ends connections with their token where the hub is set so', async () => {
    const clock = new JumpingClock();
    const worker = await start({ clock, closeAtExpiry: { chat: true } });
    const token = await worker.token('alice', 20);
    const chat = signalR(worker, token, HttpTransportType.WebSockets, { path: hubPaths.chat });
    const notifications = signalR(worker, token);
    await Promise.all([chat.start(), notifications.start()]);
    clock.jump(20_000);
    await eventually(() => (chat.state === HubConnectionState.Connected ? 'still connected' : undefined));
    expect(notifications.state).toBe(HubConnectionState.Connected);
  });

  it('never logs what was said, and labels no metric with an id', async () => {
    const worker = await start();
    const group = worker.chat.create('alice', 'bob');
    const alice = await chatOverSignalR(worker, 'alice');
    await alice.call('TypingStarted', group.id);
    await worker.push(group.send(), group.send());
    await hasNumbers(alice, 2);
    await alice.stop();
    await eventually(() => (worker.logged().includes('"disconnected"') ? undefined : 'no line of the end'));
    expect(worker.logged()).not.toContain('row 2');
    const metrics = await worker.metrics.registry.metrics();
    for (const id of ['alice', group.id]) expect(metrics).not.toContain(id);
    expect(metrics).toContain('hub_chat_users');
  });
});
