import { HttpTransportType, HubConnectionState } from '@microsoft/signalr';
import type { Socket } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { UserId } from '#shared/contract/ids.ts';
import { clientMethods, hubPaths } from '#shared/contract/names.ts';
import { eventually } from '#test/eventually.ts';
import { JumpingClock } from '#test/jumping-clock.ts';
import { connected, connectionToken, signalR, socketIo, upgrade } from './simulated-clients.fixture.ts';
import { type SimulatedWorker, startWorker } from './simulated-worker.fixture.ts';

type Client = {
  readonly received: string[];
  /** How it ended for good: a stock client that may come back is not ended. */
  ended(): string | undefined;
};

const methods = Object.values(clientMethods);
const clock = new JumpingClock();
const open: SimulatedWorker[] = [];
let here: SimulatedWorker;
let there: SimulatedWorker;

/** Two workers of one platform. */
beforeEach(async () => {
  here = await startWorker({ clock });
  there = await startWorker({ clock, shared: here.shared });
  open.push(here, there);
});
afterEach(async () => {
  for (const worker of open.splice(0).reverse()) await worker[Symbol.asyncDispose]();
});

async function overSignalR(worker: SimulatedWorker, token: string, transport: HttpTransportType, path?: string) {
  const connection = signalR(worker, token, transport, path === undefined ? {} : { path });
  const received: string[] = [];
  for (const method of methods) connection.on(method, () => received.push(method));
  let end: string | undefined;
  connection.onclose((error) => {
    end = error?.message ?? 'closed';
  });
  connection.onreconnecting(() => received.push('told to come back'));
  await connection.start();
  return { received, ended: () => (connection.state === HubConnectionState.Disconnected ? end : undefined) };
}

async function overSocketIo(worker: SimulatedWorker, token: string, transports = ['websocket']): Promise<Client> {
  const socket: Socket = socketIo(worker, { auth: { token }, transports });
  const received: string[] = [];
  let end: string | undefined;
  socket.onAny((event: string) => received.push(event));
  socket.on('disconnect', (reason) => {
    // By this reason alone a stock client stays away.
    if (reason === 'io server disconnect') end = reason;
    else received.push('told to come back');
  });
  await connected(socket);
  return { received, ended: () => end };
}

const kinds: Readonly<Record<string, (worker: SimulatedWorker, token: string) => Promise<Client>>> = {
  'SignalR WebSockets': (worker, token) => overSignalR(worker, token, HttpTransportType.WebSockets),
  'SignalR SSE': (worker, token) => overSignalR(worker, token, HttpTransportType.ServerSentEvents),
  'SignalR long polling': (worker, token) => overSignalR(worker, token, HttpTransportType.LongPolling),
  'SignalR chat': (worker, token) => overSignalR(worker, token, HttpTransportType.WebSockets, hubPaths.chat),
  'socket.io websocket': (worker, token) => overSocketIo(worker, token),
  'socket.io polling': (worker, token) => overSocketIo(worker, token, ['polling']),
};

const user = (id: string, lastsMs = 3_600_000) =>
  ({ kind: 'user', id: id as UserId, until: clock.now() + lastsMs }) as const;
const tokenIdOf = (token: string): string =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).jti;
const tokenRevocation = (token: string) =>
  ({ kind: 'token', id: tokenIdOf(token), until: clock.now() + 3_600_000 }) as const;

const allEnded = (clients: readonly Client[]) =>
  eventually(() => {
    const living = clients.filter((client) => client.ended() === undefined);
    return living.length === 0 ? undefined : `${living.length} of ${clients.length} live`;
  });

/** A notification of alice's. */
async function speak(): Promise<void> {
  await here.publish(here.stream.create());
}

describe('a ban of a user', () => {
  it('ends every socket on every worker for good, and sends it nothing more; others stay', async () => {
    const group = here.chat.create('alice', 'bob');
    const token = await here.token('alice');
    const clients: Client[] = [];
    for (const [index, connect] of Object.values(kinds).entries()) {
      clients.push(await connect(index % 2 ? here : there, token));
    }
    const bob = await overSignalR(here, await here.token('bob'), HttpTransportType.WebSockets, hubPaths.chat);
    await speak();
    await here.push(group.send());
    const before = (client: Client) => (client.received.length > 0 ? undefined : 'nothing was sent yet');
    for (const client of [...clients, bob]) await eventually(() => before(client));

    await here.shared.revocations.revoke(user('alice'));
    await allEnded(clients);
    const seen = clients.map(({ received }) => received.length);
    await speak();
    await here.push(group.send());
    await eventually(() => (bob.received.length === 2 ? undefined : `bob has ${bob.received.length}`));
    expect(clients.map(({ received }) => received.length)).toEqual(seen);
    expect(clients.flatMap(({ received }) => received)).not.toContain('told to come back');
    expect(bob.ended()).toBeUndefined();
    const said = clients.map((client) => client.ended());
    expect(said.filter((text) => text?.includes('revoked'))).toHaveLength(4);
    await eventually(() => (here.hub.connections + there.hub.connections === 1 ? undefined : 'not all are gone'));
  });

  it('is asked for at every entrance', async () => {
    const token = await here.token('alice');
    const id = await connectionToken(here);
    await here.shared.revocations.revoke(user('alice'));
    const url = `${here.url}/hubs/notifications`;
    const bearer = { authorization: `Bearer ${token}` };
    const refused = async (response: Response) => {
      await response.body?.cancel();
      return response.status;
    };
    const post = (path: string) => fetch(path, { method: 'POST', headers: bearer });
    await eventually(async () =>
      (await refused(await post(`${url}/negotiate?negotiateVersion=1`))) === 401 ? undefined : 'let in',
    );
    expect(await refused(await post(`${here.url}/hubs/chat/negotiate?negotiateVersion=1`))).toBe(401);
    expect(await refused(await fetch(`${url}?id=${id}`, { headers: bearer }))).toBe(401);
    const sse = { ...bearer, accept: 'text/event-stream' };
    expect(await refused(await fetch(`${url}?id=${id}`, { headers: sse }))).toBe(401);
    expect(await upgrade(`${url}?id=${id}&access_token=${token}`, {})).toBe(401);
    expect(await upgrade(`${url}?access_token=${token}`, {})).toBe(401);
    for (const transports of [['websocket'], ['polling']]) {
      const socket = socketIo(here, { auth: { token }, transports });
      await expect(connected(socket)).rejects.toMatchObject({ data: { code: 'unauthorized' } });
    }
    expect(here.logged()).not.toContain(token);
  });

  it('is over when its time is, or when it is lifted, without a restart', async () => {
    const token = await here.token('alice', 7_200);
    const isIn = () =>
      overSocketIo(here, token).then(
        () => true,
        () => false,
      );
    expect(await isIn()).toBe(true);
    await here.shared.revocations.revoke(user('alice', 1_800_000));
    await eventually(async () => ((await isIn()) ? 'let in' : undefined));
    clock.jump(1_800_000);
    expect(await isIn()).toBe(true);
    await here.shared.revocations.revoke(user('alice', 1_800_000));
    await eventually(async () => ((await isIn()) ? 'let in' : undefined));
    await here.shared.revocations.lift(user('alice'));
    await eventually(async () => ((await isIn()) ? undefined : 'kept out'));
  });

  it('is told to the audit log and counted, without a token', async () => {
    const token = await here.token('alice');
    const client = await overSocketIo(here, token);
    await here.shared.revocations.revoke(user('alice'));
    await allEnded([client]);
    await eventually(() => (here.logged().includes('"disconnected"') ? undefined : 'not logged'));
    const lines = here
      .logged()
      .split('\n')
      .filter((line) => line.includes('revoked'))
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { audit: 'revoked', user: 'alice', msg: 'connection closed' },
      { reason: 'revoked', user: 'alice', msg: 'disconnected' },
    ]);
    expect(await here.metrics.registry.metrics()).toMatch(/hub_closes_total\{.*reason="revoked".*\} 1/);
    expect(here.logged()).not.toContain(tokenIdOf(token));
  });
});

describe('a token that is revoked by its jti', () => {
  it('ends the sockets that it opened, and no other of its user', async () => {
    const [stolen, own] = [await here.token('alice'), await here.token('alice')];
    const ended: Client[] = [];
    const staying: Client[] = [];
    for (const connect of Object.values(kinds)) {
      ended.push(await connect(here, stolen));
      staying.push(await connect(there, own));
    }
    await there.shared.revocations.revoke(tokenRevocation(stolen));
    await allEnded(ended);
    await speak();
    const onNotifications = staying.filter((_, index) => Object.keys(kinds)[index] !== 'SignalR chat');
    for (const { received } of onNotifications) {
      await eventually(() => (received.length === 1 ? undefined : `${received.length} came`));
    }
    expect(staying.map((client) => client.ended())).toEqual(staying.map(() => undefined));
    expect((await overSocketIo(here, own)).ended()).toBeUndefined();
    await expect(overSocketIo(here, stolen)).rejects.toMatchObject({ data: { code: 'unauthorized' } });
  });

  it('is no ground to end a socket that has shown a newer one since; the newer one is', async () => {
    const [first, second, third] = [await here.token('alice'), await here.token('alice'), await here.token('alice')];
    const poll = async (id: string, token: string) => {
      const response = await fetch(`${here.url}/hubs/notifications?id=${id}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      return { status: response.status, text: await response.text() };
    };
    const negotiated = await fetch(`${here.url}/hubs/notifications/negotiate?negotiateVersion=1`, {
      method: 'POST',
      headers: { authorization: `Bearer ${first}` },
    });
    const id = encodeURIComponent(((await negotiated.json()) as { connectionToken: string }).connectionToken);
    await poll(id, first);
    await fetch(`${here.url}/hubs/notifications?id=${id}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${first}` },
      body: '{"protocol":"json","version":1}\u001e',
    });
    // The answer to the handshake, by a poll with a newer token.
    expect((await poll(id, second)).text).toBe('{}\u001e');
    await here.shared.revocations.revoke(tokenRevocation(first));
    await here.shared.revocations.revoke(tokenRevocation(third));
    await speak();
    expect((await poll(id, second)).text).toContain('ReceiveNotification');
    // A revoked one is no refresh.
    expect((await poll(id, third)).status).toBe(403);
    await here.shared.revocations.revoke(tokenRevocation(second));
    const last = await poll(id, second);
    expect(last.text).toContain('revoked');
    expect(last.text).not.toContain('allowReconnect":true');
  });
});
