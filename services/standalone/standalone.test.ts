import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { NotificationPage } from '#shared/contract/notification-dto.ts';
import { freePort } from '#test/dev-env/free-port.ts';
import { type Service, startService } from '#test/dev-env/process.ts';
import { eventually } from '#test/eventually.ts';
import { signalRClient } from '#test/scenarios/clients.ts';

const root = resolve(import.meta.dirname, '../..');
const main = 'services/standalone/main.ts';

let folder: string;
let port: number;
let url: string;
let running: Service[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sonixy-standalone-'));
  port = await freePort();
  url = `http://127.0.0.1:${port}`;
  running = [];
});
afterEach(async () => {
  for (const service of running) await service.kill();
  rmSync(folder, { recursive: true, force: true });
});

function settings(more: Record<string, string> = {}): Record<string, string> {
  return { DATA_DIR: folder, PORT: String(port), OPS_PORT: '0', LOG_LEVEL: 'warn', ...more };
}

async function start(more: Record<string, string> = {}): Promise<Service> {
  const service = await startService({ main, env: settings(more) });
  running.push(service);
  return service;
}

async function started(more: Record<string, string> = {}): Promise<Service> {
  const service = await start(more);
  await eventually(() => {
    if (service.output().includes(`is ready: ${url}`)) return undefined;
    return `not ready: ${service.output()}`;
  });
  return service;
}

async function ended(more: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const service = await start(more);
  const { code } = await service.exited;
  return { code, output: service.output() };
}

async function command(file: string, more: Record<string, string>): Promise<string> {
  const env = { PATH: process.env['PATH'] ?? '', ...settings(more) };
  const { stdout } = await promisify(execFile)(process.execPath, [file], { cwd: root, env });
  return stdout.trim();
}

async function signIn(user: string): Promise<string> {
  const response = await fetch(`${url}/demo/sign-in`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user }),
  });
  return ((await response.json()) as { token: string }).token;
}

async function history(token: string): Promise<NotificationPage> {
  const response = await fetch(`${url}/api/notifications`, { headers: { authorization: `Bearer ${token}` } });
  expect(response.status).toBe(200);
  return (await response.json()) as NotificationPage;
}

describe('the platform in one process', () => {
  it('keeps a chat over a kill, in a file of its own', async () => {
    const first = await started();
    const [alice, bob] = [await signIn('alice'), await signIn('bob')];
    const as = async (token: string, method: string, path: string, body?: object) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      return { status: response.status, body: await response.json() };
    };
    const opened = await as(alice, 'POST', '/api/chat/conversations', { type: 0, participantIds: ['bob'] });
    expect(opened.status).toBe(201);
    const { id: conversationId } = opened.body as { id: string };
    const sent = await as(alice, 'POST', '/api/chat/messages', { conversationId, content: 'hello bob', type: 0 });
    expect(sent.status).toBe(201);
    await first.kill();
    await started();
    const read = await as(bob, 'GET', `/api/chat/conversations/${conversationId}/messages?limit=1`);
    expect(read).toEqual({ status: 200, body: [{ ...(sent.body as object), readBy: [] }] });
    expect(statSync(join(folder, 'chat.sqlite')).size).toBeGreaterThan(0);
    expect((await as(bob, 'POST', '/internal/heads', { streams: [] })).status).toBe(404);
    expect((await as(bob, 'GET', '/api/chatter')).status).toBe(404);
  });

  it('shows a like of the command at once, keeps it over a kill, and shows the next one', async () => {
    const first = await started();
    const token = await signIn('alice');
    {
      await using client = await signalRClient(10, url, token);
      expect(await command('services/standalone/like.ts', { FROM: 'bob', TO: 'alice', POST: 'one' })).toContain(
        'bob likes',
      );
      await eventually(() => (client.received.length === 1 ? undefined : 'the like is not shown'));
    }
    await first.kill();
    await started();
    expect((await history(token)).items.map(({ entityId }) => entityId)).toEqual(['one']);
    await command('services/standalone/like.ts', { FROM: 'bob', TO: 'alice', POST: 'two' });
    await eventually(async () =>
      (await history(token)).items.length === 2 ? undefined : 'the second like is not stored',
    );
  });

  it('serves the page, keeps the operations and internal routes off its port, and ends at SIGTERM', async () => {
    const service = await started();
    const page = await fetch(url);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toContain('<title>');
    for (const path of ['/metrics', '/livez', '/readyz']) expect((await fetch(url + path)).status, path).toBe(404);
    expect((await fetch(`${url}/internal/heads`, { method: 'POST' })).status).toBe(404);
    expect((await service.stop()).code).toBe(0);
  });

  it('says clearly that its port or its data folder is taken', async () => {
    await started();
    const other = mkdtempSync(join(tmpdir(), 'sonixy-standalone-'));
    try {
      const samePort = await ended({ DATA_DIR: other });
      expect(samePort.code).toBe(1);
      expect(samePort.output).toContain(`127.0.0.1:${port} is in use`);
    } finally {
      rmSync(other, { recursive: true, force: true });
    }
    const sameData = await ended({ PORT: String(await freePort()) });
    expect(sameData.code).toBe(1);
    expect(sameData.output).toContain('in use by another process');
  });

  it.each([
    ['real servers', { DEMO: 'true', REDIS_URL: 'redis://127.0.0.1:1' }],
    ['a key of your own', { DEMO: 'true', JWT_HS256_SECRET: 'x'.repeat(32) }],
  ])('refuses demo sign-in beside %s', async (_what, more) => {
    const { code, output } = await ended(more);
    expect(code).toBe(78);
    expect(output).toContain('DEMO=true is refused');
  });

  it('starts without its real servers, without demo sign-in, and takes tokens of the command', async () => {
    await started({ REDIS_URL: 'redis://127.0.0.1:1', AMQP_URL: 'amqp://127.0.0.1:1' });
    expect((await fetch(`${url}/demo/people`)).status).toBe(404);
    expect((await fetch(`${url}/demo/sign-in`, { method: 'POST' })).status).toBe(404);
    const token = await command('services/standalone/token.ts', { TOKEN_USER: 'alice' });
    expect((await history(token)).items).toEqual([]);
  });

  it('reports all faults of its settings at once and shows no secret', async () => {
    const { code, output } = await ended({
      PORT: 'eighty',
      HUB_MAX_CONNECTIONS: '0',
      JWT_HS256_SECRET: 'too-short-secret',
    });
    expect(code).toBe(78);
    for (const name of ['PORT', 'HUB_MAX_CONNECTIONS', 'JWT_HS256_SECRET']) expect(output).toContain(name);
    expect(output).not.toContain('too-short-secret');
  });

  it.each([
    ['like.ts', {}, 'say who likes something of whom'],
    ['like.ts', { FROM: 'bob', TO: 'alice', PORT: '1' }, 'start `make run`'],
    ['like.ts', { FROM: 'bob', TO: 'alice', AMQP_URL: 'amqp://127.0.0.1:1' }, 'ECONNREFUSED'],
    ['token.ts', {}, 'say whom the token is for'],
  ])('%s %j says in one line what is missing', async (file, more, text) => {
    const failure = await command(`services/standalone/${file}`, more).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 1, stderr: expect.stringContaining(text) });
    expect((failure as { stderr: string }).stderr.trim().split('\n')).toHaveLength(1);
  });

  it('takes the configured secret instead of its own', async () => {
    const secret = { JWT_HS256_SECRET: 'a-secret-of-at-least-32-bytes-length' };
    await started(secret);
    const own = await command('services/standalone/token.ts', { TOKEN_USER: 'alice' });
    expect((await fetch(`${url}/api/notifications`, { headers: { authorization: `Bearer ${own}` } })).status).toBe(401);
    await history(await command('services/standalone/token.ts', { TOKEN_USER: 'alice', ...secret }));
  });

  it('keeps its keys readable by their owner only, and the same over restarts', async () => {
    const service = await started();
    const file = join(folder, 'keys', 'jwt-hs256');
    const key = readFileSync(file, 'utf8');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    await service.stop();
    await started();
    expect(readFileSync(file, 'utf8')).toBe(key);
  });

  it.each([
    ['an unknown person', 'sign-in', { user: 'nobody' }, 404],
    ['a person who is no text', 'sign-in', { user: { $ne: null } }, 400],
    ['no person', 'sign-in', {}, 404],
  ])('refuses to sign in %s', async (_what, route, body, status) => {
    await started();
    const response = await fetch(`${url}/demo/${route}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(status);
  });
});
