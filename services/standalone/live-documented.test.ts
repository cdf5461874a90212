import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { io } from 'socket.io-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asyncApiDocument } from '#shared/api-docs/asyncapi.ts';
import { createMessageCheck } from '#shared/api-docs/documented-messages.fixture.ts';
import { clientMethods, hubPaths, serverMethods, socketIoPath } from '#shared/contract/names.ts';
import { freePort } from '#test/dev-env/free-port.ts';
import { type Service, startService } from '#test/dev-env/process.ts';
import { eventually } from '#test/eventually.ts';

import { platformDocument } from './api-document.ts';

type Live = { readonly address: string; readonly name: string; readonly payload: unknown };

const document = asyncApiDocument();
const check = createMessageCheck(document);
const folder = mkdtempSync(join(tmpdir(), 'sonixy-live-'));
let url: string;
let service: Service;
const stops: (() => unknown)[] = [];

beforeAll(async () => {
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const env = { DATA_DIR: folder, PORT: String(port), OPS_PORT: '0', LOG_LEVEL: 'warn' };
  service = await startService({ main: 'services/standalone/main.ts', env });
  await eventually(() => (service.output().includes(`is ready: ${url}`) ? undefined : service.output()));
});
afterAll(async () => {
  for (const stop of stops) await stop();
  await service?.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function rest(token: string, method: string, path: string, body?: object) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}`);
  return response.json();
}

async function signIn(user: string): Promise<string> {
  return (await rest('', 'POST', '/demo/sign-in', { user })).token;
}

/** Everything that the hub says to a client, and what it answers. */
async function overSignalR(address: string, token: string, seen: Live[]) {
  const connection = new HubConnectionBuilder()
    .withUrl(url + address, { accessTokenFactory: () => token })
    .configureLogging(LogLevel.None)
    .build();
  for (const name of Object.values(clientMethods)) {
    connection.on(name, (...payload) => seen.push({ address, name, payload }));
  }
  await connection.start();
  stops.push(() => connection.stop());
  return async (name: string, argument: unknown) => {
    seen.push({ address, name, payload: [argument] });
    const payload = await connection.invoke(name, argument);
    if (payload !== null && payload !== undefined) seen.push({ address, name: `${name}Answer`, payload });
  };
}

async function overSocketIo(token: string, seen: Live[]) {
  const address = socketIoPath;
  const socket = io(url, { auth: { token }, transports: ['websocket'], forceNew: true });
  stops.push(() => socket.close());
  socket.onAny((name: string, ...payload) => seen.push({ address, name, payload }));
  await eventually(() => (socket.connected ? undefined : 'not connected'));
  return async (name: string, argument: unknown) => {
    seen.push({ address, name, payload: [argument] });
    const payload = await socket.emitWithAck(name, argument);
    if (payload !== null) seen.push({ address, name: `${name}Answer`, payload });
  };
}

function namesAt(address: string): string[] {
  const channel = Object.values(document.channels).find((candidate) => candidate.address === address);
  return Object.keys(channel?.messages ?? {}).sort();
}

describe('what the platform says live', () => {
  it('is as the AsyncAPI document says: every message, over both hubs and socket.io', async () => {
    const [alice, bob] = [await signIn('alice'), await signIn('bob')];
    const seen: Live[] = [];
    const notifications = await overSignalR(hubPaths.notifications, alice, seen);
    const chat = await overSignalR(hubPaths.chat, alice, seen);
    const socket = await overSocketIo(alice, seen);
    for (const [call, name, argument] of [
      [notifications, serverMethods.subscribe, null],
      [socket, serverMethods.subscribe, null],
      ...[chat, socket].flatMap((one) => [
        [one, serverMethods.subscribeChat, {}],
        [one, serverMethods.watchPresence, ['bob']],
      ]),
    ] as [typeof chat, string, unknown][]) {
      await call(name, argument);
    }
    const came = (name: string, times: number) =>
      eventually(() => {
        const count = seen.filter((one) => one.name === name).length;
        return count >= times ? undefined : `${name} came ${count} times`;
      });

    // bob comes, types, says something, changes it and takes it back; alice hears it over two ways.
    const bobs = await overSignalR(hubPaths.chat, bob, []);
    await came(clientMethods.presenceChanged, 2);
    const { id } = await rest(bob, 'POST', '/api/chat/conversations', {
      type: 1,
      participantIds: ['alice'],
      name: 'us',
    });
    await came(clientMethods.membershipChanged, 2);
    for (const call of [chat, socket]) {
      await call(serverMethods.typingStarted, id);
      await call(serverMethods.typingStopped, id);
    }
    await bobs(serverMethods.typingStarted, id);
    await came(clientMethods.userTyping, 2);
    await bobs(serverMethods.typingStopped, id);
    const said = await rest(bob, 'POST', '/api/chat/messages', { conversationId: id, content: 'hello', type: 0 });
    await came(clientMethods.receiveMessage, 4);
    await rest(bob, 'PUT', `/api/chat/messages/${said.id}`, { content: 'hello!' });
    await came(clientMethods.messageChanged, 2);
    await rest(bob, 'POST', `/api/chat/conversations/${id}/read?messageId=${said.id}`);
    await came(clientMethods.messagesRead, 2);
    await rest(bob, 'DELETE', `/api/chat/messages/${said.id}`);

    await rest(bob, 'POST', '/demo/events', { action: 'Like', to: 'alice', entityId: 'post-1' });
    await came(clientMethods.receiveNotification, 2);
    const { items } = await rest(alice, 'GET', '/api/notifications');
    await rest(alice, 'PUT', `/api/notifications/${items[0].id}/archive`);
    await came(clientMethods.notificationChanged, 2);
    await rest(alice, 'PUT', '/api/notifications/read-all');
    await rest(alice, 'DELETE', `/api/notifications/${items[0].id}`);

    for (const address of [hubPaths.notifications, hubPaths.chat, socketIoPath]) {
      await eventually(() => {
        const names = new Set(seen.filter((one) => one.address === address).map(({ name }) => name));
        const lacking = namesAt(address).filter((name) => !names.has(name));
        return lacking.length === 0 ? undefined : `${address} lacks ${lacking.join(', ')}`;
      });
    }
    for (const { address, name, payload } of seen) check(address, name, payload);
  });

  it('can be read about there, REST included', async () => {
    const served = async (path: string) => (await fetch(url + path)).json();
    expect(await served('/asyncapi.json')).toEqual(JSON.parse(JSON.stringify(document)));
    expect(await served('/openapi.json')).toEqual(JSON.parse(JSON.stringify(platformDocument())));
    expect(await (await fetch(`${url}/api-docs`)).text()).toContain(
      '/api/chat/conversations/{id}/participants/{userId}',
    );
    expect((await fetch(`${url}/api-docs`, { method: 'POST' })).status).toBe(405);
  });

  it('would not be, were a message of another shape', () => {
    const address = hubPaths.chat;
    expect(() => check(address, 'UserTyping', ['a', 'b'])).not.toThrow();
    expect(() => check(address, 'UserTyping', ['a'])).toThrow('fewer than 2');
    expect(() => check(address, 'MessagesRead', [{ conversationId: 'x', userId: 'a', readThrough: 1 }])).toThrow(
      'pattern',
    );
    expect(() => check(address, 'MembershipChanged', [{ ...membership, more: 1 }])).toThrow('additional properties');
    expect(() => check(address, 'MembershipChanged', [membership])).not.toThrow();
    expect(() => check(address, 'ReceiveNotification', [])).toThrow('knows no ReceiveNotification');
  });
});

const membership = { conversationId: '6a1f0c2b9d3e4f5a6b7c8d9e', state: 'joined' };
