import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type HubConnection, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ConversationDto, type MessageDto, smallConversation } from '#shared/contract/chat-dto.ts';
import { freePort } from '#test/dev-env/free-port.ts';
import { type Service, startService } from '#test/dev-env/process.ts';
import { eventually } from '#test/eventually.ts';

let folder: string;
let url: string;
let service: Service;
const connections: HubConnection[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sonixy-standalone-'));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const env = { DATA_DIR: folder, PORT: String(port), OPS_PORT: '0', LOG_LEVEL: 'warn' };
  service = await startService({ main: 'services/standalone/main.ts', env });
  await eventually(() => (service.output().includes(`is ready: ${url}`) ? undefined : service.output()));
});
afterEach(async () => {
  for (const connection of connections.splice(0)) await connection.stop();
  await service.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function call<Answer>(token: string, method: string, path: string, body?: object): Promise<Answer> {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(url + path, { method, headers, ...(body && { body: JSON.stringify(body) }) });
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}`);
  return (await response.json()) as Answer;
}

async function person(user: string) {
  const { token } = await call<{ token: string }>('', 'POST', '/demo/sign-in', { user });
  const connection = new HubConnectionBuilder()
    .withUrl(`${url}/hubs/chat`, { accessTokenFactory: () => token })
    .configureLogging(LogLevel.None)
    .build();
  connections.push(connection);
  const received: string[] = [];
  const typing: unknown[][] = [];
  const ids: string[] = [];
  connection.on('ReceiveMessage', ({ id, content }: MessageDto) => {
    ids.push(id);
    received.push(content);
  });
  connection.on('UserTyping', (...args) => typing.push(args));
  connection.on('UserStoppedTyping', (...args) => typing.push(args));
  await connection.start();
  const send = (conversationId: string, content: string) =>
    call<MessageDto>(token, 'POST', '/api/chat/messages', { conversationId, content, type: 0 });
  return { token, connection, received, ids, typing, send };
}

describe('chat in one process', () => {
  it('shows messages and typing to stock clients at once: in a pair, and in a group from joining to leaving', async () => {
    const [alice, bob, carol] = [await person('alice'), await person('bob'), await person('carol')];
    const open = (body: object) => call<ConversationDto>(alice.token, 'POST', '/api/chat/conversations', body);
    const pair = await open({ type: 0, participantIds: ['bob'] });
    await alice.send(pair.id, 'hello bob');
    await eventually(() => (bob.received.at(-1) === 'hello bob' ? undefined : 'nothing came'));
    await eventually(() => (alice.received.at(-1) === 'hello bob' ? undefined : 'no echo'));
    await bob.connection.invoke('TypingStarted', pair.id);
    await eventually(() => (alice.typing.length === 1 ? undefined : 'no typing'));
    expect(alice.typing).toEqual([[pair.id, 'bob']]);
    expect([bob.typing, carol.received, carol.typing]).toEqual([[], [], []]);

    const group = await open({ type: 1, participantIds: ['bob'], name: 'three' });
    await alice.send(group.id, 'before');
    await call(alice.token, 'POST', `/api/chat/conversations/${group.id}/participants`, { userIds: ['carol'] });
    await alice.send(group.id, 'welcome');
    await eventually(() => (carol.received.includes('welcome') ? undefined : 'carol sees nothing'));
    expect(carol.received).not.toContain('before');
    await call(alice.token, 'DELETE', `/api/chat/conversations/${group.id}/participants/carol`);
    await alice.send(group.id, 'without her');
    await eventually(() => (bob.received.at(-1) === 'without her' ? undefined : 'bob sees nothing'));
    await alice.send(pair.id, 'the last');
    await eventually(() => (bob.received.at(-1) === 'the last' ? undefined : 'bob sees nothing'));
    expect(carol.received).not.toContain('without her');
    expect(new Set(bob.ids).size).toBe(bob.ids.length);
  });

  it('goes on for those who are there when a group grows large, message by message', async () => {
    const [alice, bob, carol] = [await person('alice'), await person('bob'), await person('carol')];
    const some = (count: number, name: string) => Array.from({ length: count }, (_, index) => `${name}-${index}`);
    const group = await call<ConversationDto>(alice.token, 'POST', '/api/chat/conversations', {
      type: 1,
      participantIds: ['bob', ...some(smallConversation - 2, 'first')],
    });
    const add = (userIds: string[]) =>
      call(alice.token, 'POST', `/api/chat/conversations/${group.id}/participants`, { userIds });
    await alice.send(group.id, 'small');
    await add(['carol', ...some(10, 'second')]);
    await alice.send(group.id, 'large');
    await add(some(200, 'third'));
    await bob.send(group.id, 'larger');
    for (const who of [alice, bob]) {
      await eventually(() => (who.received.at(-1) === 'larger' ? undefined : JSON.stringify(who.received)));
      expect(who.received).toEqual([
        'started the conversation',
        'small',
        'added 11 people',
        'large',
        'added 200 people',
        'larger',
      ]);
    }
    await eventually(() => (carol.received.at(-1) === 'larger' ? undefined : JSON.stringify(carol.received)));
    expect(carol.received).not.toContain('small');
  });
});
