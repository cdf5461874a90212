import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from '../../test/dev-env/free-port.ts';
import { type Service, startService } from '../../test/dev-env/process.ts';
import { eventually } from '../../test/eventually.ts';
import type { Conversation } from './chat/conversation.ts';
import { type ConnectOptions, connect, type RealtimeClient } from './connect.ts';
import { signalRLive } from './live/signalr-live.ts';
import { visibleRows } from './notifications/notification-list.ts';

const transports: Record<string, () => NonNullable<ConnectOptions['transport']>> = {
  SignalR: () => 'signalr',
  'SignalR over server-sent events': () => signalRLive('ServerSentEvents'),
  'SignalR over long polling': () => signalRLive('LongPolling'),
  'socket.io': () => 'socket.io',
};

let folder: string;
let url: string;
let opsUrl: string;
let service: Service;
const ends: (() => void)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sonixy-sdk-'));
  const [port, opsPort] = [await freePort(), await freePort()];
  url = `http://127.0.0.1:${port}`;
  opsUrl = `http://127.0.0.1:${opsPort}`;
  service = await startService({
    main: 'services/standalone/main.ts',
    env: { DATA_DIR: folder, PORT: String(port), OPS_PORT: String(opsPort) },
    readyUrl: `${opsUrl}/readyz`,
  });
});

afterEach(() => {
  for (const end of ends.splice(0).reverse()) end();
});

afterAll(async () => {
  await service?.kill();
  if (folder) await rm(folder, { recursive: true, force: true });
});

async function signIn(user: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${url}/demo/sign-in`, { method: 'POST', headers, body: JSON.stringify({ user }) });
  return ((await response.json()) as { token: string }).token;
}

async function like(from: string, to: string, entityId: string): Promise<void> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${await signIn(from)}` };
  const body = JSON.stringify({ action: 'Like', to, entityId });
  const response = await fetch(`${url}/demo/events`, { method: 'POST', headers, body });
  expect(response.ok).toBe(true);
}

const backoff = { baseMs: 50, capMs: 500 };

function clientOf(user: string, options: Partial<ConnectOptions> = {}): RealtimeClient {
  const client = connect({ url, token: () => signIn(user), backoff, ...options });
  ends.push(() => client.close());
  return client;
}

async function opened(client: RealtimeClient, id: string): Promise<Conversation> {
  const conversation = client.chat.conversation(id);
  ends.push(conversation.open());
  await eventually(() => (conversation.state.loaded ? undefined : `not loaded: ${conversation.state.fault}`));
  await isIn(client, 'connected');
  return conversation;
}

const isIn = ({ chat }: RealtimeClient, state: string) =>
  eventually(() => (chat.state.connection.state === state ? undefined : JSON.stringify(chat.state.connection)));

/** What people wrote, sorted: two people write at the same time. */
function written({ state }: Conversation): string {
  const contents = state.messages.filter(({ system, deleted }) => !system && !deleted).map(({ content }) => content);
  return contents.sort().join();
}

/** Both are in a group of their own, so that each test begins with an empty conversation. */
async function group(client: RealtimeClient, others: string[] = ['bob']): Promise<string> {
  return client.chat.create({ kind: 'group', with: others, name: 'a group' });
}

describe.each(Object.entries(transports))('over %s', (_name, transport) => {
  it('a message is shown to both at once and once, and what becomes of it', async () => {
    const [alice, bob] = [clientOf('alice', { transport: transport() }), clientOf('bob', { transport: transport() })];
    const id = await group(alice);
    const [a, b] = [await opened(alice, id), await opened(bob, id)];
    a.send('one');
    b.send('two');
    a.send('three');
    for (const each of [a, b]) await eventually(() => (written(each) === 'one,three,two' ? undefined : written(each)));
    const order = (conversation: Conversation) => conversation.state.messages.map(({ id: of }) => of);
    await eventually(() => (String(order(a)) === String(order(b)) ? undefined : `${order(a)} ${order(b)}`));

    const mine = a.state.messages.find(({ content }) => content === 'one')?.id ?? '';
    await a.edit(mine, 'edited');
    await eventually(() => (written(b) === 'edited,three,two' ? undefined : written(b)));
    await a.remove(mine);
    for (const each of [a, b]) await eventually(() => (written(each) === 'three,two' ? undefined : written(each)));
  });

  it('others are seen to type and to have read', async () => {
    const [alice, bob] = [clientOf('alice', { transport: transport() }), clientOf('bob', { transport: transport() })];
    const id = await group(alice);
    const [a, b] = [await opened(alice, id), await opened(bob, id)];
    a.send('read me');
    await eventually(() => (b.state.messages.some(({ content }) => content === 'read me') ? undefined : 'not there'));
    await eventually(() => {
      a.typing();
      return b.state.typing.includes('alice') ? undefined : 'nobody types';
    });
    await b.markRead();
    await eventually(() => {
      const reader = a.state.conversation?.participants.find(({ userId }) => userId === 'bob');
      return reader?.readThrough === a.state.messages.at(-1)?.number ? undefined : `${reader?.readThrough}`;
    });
  });

  it('a like arrives, beside the chat', async () => {
    const alice = clientOf('alice', { transport: transport() });
    await isIn(alice, 'connected');
    const entityId = `post-${_name}`;
    await eventually(() => (alice.notifications.state.connection.state === 'connected' ? undefined : 'connecting'));
    await like('bob', 'alice', entityId);
    await eventually(() => {
      const rows = visibleRows(alice.notifications.state.list).filter((row) => row.entityId === entityId);
      return rows.length === 1 ? undefined : `${rows.length} rows`;
    });
  });
});

describe('membership', () => {
  it('is followed: whoever is added sees the group, and loses it when he is removed', async () => {
    const [alice, bob] = [clientOf('alice'), clientOf('bob')];
    await isIn(bob, 'connected');
    const id = await group(alice, ['carol']);
    await alice.chat.addParticipants(id, ['bob']);
    const has = () => bob.chat.state.conversations.some((each) => each.id === id);
    await eventually(() => (has() ? undefined : 'not in it'));
    const b = await opened(bob, id);
    await alice.chat.removeParticipant(id, 'bob');
    await eventually(() => (!has() && b.state.gone ? undefined : 'still in it'));
  });
});

describe('tokens', () => {
  it('that are refused end it; those that are taken do not', async () => {
    const [wrong, right] = [clientOf('alice', { token: 'wrong' }), clientOf('alice', { token: await signIn('alice') })];
    await isIn(wrong, 'signed-out');
    await isIn(right, 'connected');
    const overSocketIo = clientOf('alice', { token: 'wrong', transport: 'socket.io' });
    await isIn(overSocketIo, 'signed-out');
  });

  it('are asked for anew when the server refuses one', async () => {
    const tokens = ['wrong'];
    const client = clientOf('alice', { token: async () => tokens.shift() ?? (await signIn('alice')) });
    await isIn(client, 'connected');
    await eventually(() => (client.chat.state.loaded ? undefined : 'not loaded'));
  });
});

it('socket.io carries both on one connection, which ends with the last of them', async () => {
  const before = await connections();
  const client = clientOf('dave', { transport: 'socket.io' });
  await isIn(client, 'connected');
  await eventually(() => (client.notifications.state.connection.state === 'connected' ? undefined : 'connecting'));
  expect(await connections()).toBe(before + 1);
  client.close();
  await eventually(async () => ((await connections()) === before ? undefined : 'still connected'));
});

/** Of socket.io, that the platform has now. */
async function connections(): Promise<number> {
  const text = await (await fetch(`${opsUrl}/metrics`)).text();
  const counts = [...text.matchAll(/^hub_connections\{[^}]*socket\.io[^}]*\} (\d+)/gm)].map(([, count]) =>
    Number(count),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}

describe.each(['signalr', 'socket.io'] as const)('the server dies, over %s', (transport) => {
  it('in the middle of a talk: nothing is lost, doubled or out of order', async () => {
    const [alice, bob] = [clientOf('alice', { transport }), clientOf('bob', { transport })];
    const id = await group(alice);
    const [a, b] = [await opened(alice, id), await opened(bob, id)];
    const texts = (who: string) => Array.from({ length: 30 }, (_, index) => `${who} ${index}`);
    const talk = texts('a').flatMap((text, index) => [() => a.send(text), () => b.send(texts('b')[index] ?? '')]);
    for (const say of talk.slice(0, 20)) say();
    await eventually(() => (b.state.messages.some(({ delivery }) => delivery === 'sent') ? undefined : 'nothing yet'));
    await service.kill();
    for (const say of talk.slice(20, 40)) say();
    await isIn(alice, 'waiting');
    await service.restart();
    for (const say of talk.slice(40)) say();
    const sent = (conversation: Conversation) =>
      conversation.state.messages.filter(({ delivery, system, deleted }) => delivery === 'sent' && !system && !deleted);
    for (const each of [a, b]) {
      await eventually(
        () => {
          for (const client of [alice, bob]) client.retryNow();
          return sent(each).length === 60 ? undefined : `${sent(each).length} of 60`;
        },
        { timeoutMs: 45_000 },
      );
    }
    const stored = (await alice.api.chat.messages(id, { limit: 100 })).filter(({ system }) => !system).reverse();
    for (const each of [a, b]) expect(sent(each).map((row) => row.id)).toEqual(stored.map((row) => row.id));
    for (const who of ['a', 'b']) {
      const said = stored.map(({ content }) => content).filter((content) => content.startsWith(who));
      expect(said).toEqual(texts(who));
    }
  });
});

it('a server that drains is left and found again', async () => {
  const alice = clientOf('alice');
  const id = await group(alice);
  const a = await opened(alice, id);
  const seen: string[] = [];
  ends.push(alice.chat.onChange(() => seen.push(alice.chat.state.connection.state)));
  await service.stop();
  await isIn(alice, 'waiting');
  expect(seen).not.toContain('ended');
  a.send('while it is away');
  await service.restart();
  await isIn(alice, 'connected');
  await eventually(() => {
    alice.retryNow();
    return a.state.messages.at(-1)?.delivery === 'sent' ? undefined : 'not sent';
  });
});
