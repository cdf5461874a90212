import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { bareEnvironment } from './bare-environment.ts';
import { freePort } from './free-port.ts';
import { startServer } from './server.ts';

const program = (text: string) => ({
  command: process.execPath,
  args: ['-e', text],
  env: bareEnvironment(),
  cwd: tmpdir(),
});

const listening = (port: number) =>
  program(`require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('READY'))`);

test('a server that does not start shows what it said', async () => {
  const plan = async () => ({
    url: '',
    port: 1,
    process: program('console.error("bad option"); process.exit(1)'),
    readyWhen: /READY/,
  });
  await expect(startServer('broken', plan)).rejects.toThrow(/broken did not start:\nbad option/);
});

test('a server whose port was taken in between gets another one', async () => {
  const taken = await freePort();
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(taken, '127.0.0.1', resolve));
  const ports = [taken, await freePort()];
  const disposed: number[] = [];
  const { server } = await startServer('small', async () => {
    const port = ports.shift() ?? 0;
    const dispose = async () => {
      disposed.push(port);
    };
    return { url: `tcp://127.0.0.1:${port}`, port, process: listening(port), readyWhen: /READY/, dispose };
  });
  expect(server.port).not.toBe(taken);
  expect(disposed).toEqual([taken]);
  await server[Symbol.asyncDispose]();
  expect(disposed).toEqual([taken, server.port]);
  await new Promise((resolve) => squatter.close(resolve));
});
