import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from './free-port.ts';
import { startService } from './process.ts';

let folder: string;
let main: string;

const PROGRAM = `
import { createServer } from 'node:http';
const { PORT, REFUSE_TERM, FAIL } = process.env;
if (FAIL) throw new Error('cannot serve');
const server = createServer((request, response) => response.writeHead(request.url === '/readyz' ? 200 : 503).end(String(process.pid)));
server.listen(Number(PORT), '127.0.0.1', () => console.log('listening'));
process.on('SIGTERM', () => {
  if (!REFUSE_TERM) { console.log('draining'); server.close(); server.closeAllConnections(); }
});
`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sonixy-process-test-'));
  main = join(folder, 'main.ts');
  await writeFile(main, PROGRAM);
});
afterAll(() => rm(folder, { recursive: true }));

const pidOf = async (url: string) => Number(await (await fetch(url)).text());

test('a service is ready when its URL says so, and stops by SIGTERM', async () => {
  const port = await freePort();
  const readyUrl = `http://127.0.0.1:${port}/readyz`;
  await using service = await startService({ main, env: { PORT: String(port) }, readyUrl });
  expect(await pidOf(readyUrl)).toBe(service.pid);
  expect(await service.stop()).toEqual({ code: 0, signal: null });
  expect(service.running).toBe(false);
  expect(service.output()).toContain('draining');
});

test('a killed service comes back with the same settings', async () => {
  const port = await freePort();
  const readyUrl = `http://127.0.0.1:${port}/readyz`;
  await using service = await startService({ main, env: { PORT: String(port) }, readyUrl });
  const { pid } = service;
  await service.kill();
  await expect(fetch(readyUrl)).rejects.toThrow();
  await service.restart();
  expect(service.pid).not.toBe(pid);
  expect(await pidOf(readyUrl)).toBe(service.pid);
});

test('a paused service answers when it is resumed', async () => {
  const port = await freePort();
  const readyUrl = `http://127.0.0.1:${port}/readyz`;
  await using service = await startService({ main, env: { PORT: String(port) }, readyUrl });
  service.pause();
  await expect(fetch(readyUrl, { signal: AbortSignal.timeout(300) })).rejects.toThrow();
  service.resume();
  expect(await pidOf(readyUrl)).toBe(service.pid);
});

test('a service that fails to start shows why', async () => {
  const start = startService({ main, env: { FAIL: '1' }, readyUrl: 'http://127.0.0.1:1/readyz' });
  await expect(start).rejects.toThrow(/is not ready:[\s\S]*cannot serve/);
});

test('a service that is up but not ready is reported with its status', async () => {
  const port = await freePort();
  const readyUrl = `http://127.0.0.1:${port}/not-ready`;
  const error = await startService({ main, env: { PORT: String(port) }, readyUrl, readyTimeoutMs: 1500 }).catch(
    (e) => e,
  );
  expect(error).toBeInstanceOf(Error);
  expect(error.cause.message).toContain('answers 503');
});

test('a service that ignores SIGTERM is an error, and gone', async () => {
  const port = await freePort();
  const readyUrl = `http://127.0.0.1:${port}/readyz`;
  await using service = await startService({ main, env: { PORT: String(port), REFUSE_TERM: '1' }, readyUrl });
  await expect(service.stop(200)).rejects.toThrow('did not stop within 200 ms');
  expect(service.running).toBe(false);
});
