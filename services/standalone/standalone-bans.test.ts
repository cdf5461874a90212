import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { io, type Socket } from 'socket.io-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { lift, revoke } from '#services/notification/revocation-commands.ts';
import { createLogger } from '#shared/runtime/log.ts';
import { freePort } from '#test/dev-env/free-port.ts';
import { type Service, startService } from '#test/dev-env/process.ts';
import { eventually } from '#test/eventually.ts';

let folder: string;
let url: string;
let service: Service;
const sockets: Socket[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sonixy-standalone-'));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  const env = { DATA_DIR: folder, PORT: String(port), OPS_PORT: '0', LOG_LEVEL: 'warn', REVOCATIONS_EVERY_MS: '200' };
  service = await startService({ main: 'services/standalone/main.ts', env });
  const isReady = () => (service.output().includes(`is ready: ${url}`) ? undefined : service.output());
  await eventually(isReady, { timeoutMs: 90_000 });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await service.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function tokenOf(user: string): Promise<string> {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${url}/demo/sign-in`, { method: 'POST', headers, body: JSON.stringify({ user }) });
  return ((await answer.json()) as { token: string }).token;
}

/** Resolves with whether it was let in. */
async function connect(token: string): Promise<{ socket: Socket; isIn: boolean }> {
  const socket = io(url, { auth: { token }, transports: ['websocket'], forceNew: true, reconnectionDelay: 20 });
  sockets.push(socket);
  const isIn = await new Promise<boolean>((settle) => {
    socket.once('connect', () => settle(true));
    socket.once('connect_error', () => settle(false));
  });
  return { socket, isIn };
}

/** As the commands of the notification service have it. */
const context: Parameters<typeof revoke>[0] = {
  get config() {
    return { kind: 'sqlite', dataDir: folder, file: join(folder, 'notifications.sqlite') } as const;
  },
  env: {},
  log: createLogger({ name: 'test', level: 'silent' }),
  print: () => {},
};

describe('a ban in one process', () => {
  it('that a command on its data folder stores ends sockets and calls, and is gone once it is lifted', async () => {
    const [alice, bob] = [await tokenOf('alice'), await tokenOf('bob')];
    const [hers, his] = [await connect(alice), await connect(bob)];
    expect([hers.isIn, his.isIn]).toEqual([true, true]);
    let reason = '';
    hers.socket.on('disconnect', (why) => {
      reason = why;
    });
    const statuses = (token: string) =>
      Promise.all(
        ['/api/notifications', '/api/chat/conversations'].map(
          async (path) => (await fetch(url + path, { headers: { authorization: `Bearer ${token}` } })).status,
        ),
      );
    expect(await statuses(alice)).toEqual([200, 200]);
    await revoke(context, ['--user', 'alice', '--until', new Date(Date.now() + 3_600_000).toISOString()]);
    await eventually(() => (reason === 'io server disconnect' ? undefined : `alice: ${reason}`));
    expect(await statuses(alice)).toEqual([401, 401]);
    expect((await connect(alice)).isIn).toBe(false);
    expect(await statuses(bob)).toEqual([200, 200]);
    expect(his.socket.connected).toBe(true);
    await lift(context, ['--user', 'alice']);
    await eventually(async () => ((await connect(alice)).isIn ? undefined : 'alice is kept out'));
    expect(await statuses(alice)).toEqual([200, 200]);
  }, 180_000);
});
