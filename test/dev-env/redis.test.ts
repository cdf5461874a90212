import { existsSync } from 'node:fs';
import { Redis } from 'ioredis';
import { expect, test } from 'vitest';
import { startRedis } from './redis.ts';
import { describeWithServer } from './with-server.ts';

describeWithServer('redis', 'startRedis', () => {
  test('gives each caller a server of its own', async () => {
    await using first = await startRedis();
    await using second = await startRedis();
    const [one, two] = [new Redis(first.url), new Redis(second.url)];
    await one.set('key', 'one');
    expect(await two.get('key')).toBeNull();
    one.disconnect();
    two.disconnect();
  });

  test('keeps acknowledged writes over a kill when it is append-only', async () => {
    await using server = await startRedis({ appendOnly: true });
    const client = new Redis(server.url);
    client.on('error', () => undefined);
    await client.set('key', 'kept');
    const before = server.pid;
    await server.kill();
    await server.restart();
    expect(server.pid).not.toBe(before);
    expect(await client.get('key')).toBe('kept');
    client.disconnect();
  });

  test('answers nothing while it is stopped, and again after', async () => {
    await using server = await startRedis();
    const client = new Redis(server.url);
    await client.ping();
    server.stopProcess();
    let answered = false;
    const answer = client.ping().then((pong) => {
      answered = true;
      return pong;
    });
    await using neighbour = await startRedis();
    const other = new Redis(neighbour.url);
    expect(await other.ping()).toBe('PONG');
    expect(answered).toBe(false);
    server.cont();
    expect(await answer).toBe('PONG');
    client.disconnect();
    other.disconnect();
  });

  test('leaves no folder and no process', async () => {
    const server = await startRedis();
    const { pid } = server;
    const client = new Redis(server.url);
    const folder = ((await client.config('GET', 'dir')) as string[])[1] ?? '';
    client.disconnect();
    expect(existsSync(folder)).toBe(true);
    await server[Symbol.asyncDispose]();
    expect(existsSync(folder)).toBe(false);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  });
});
