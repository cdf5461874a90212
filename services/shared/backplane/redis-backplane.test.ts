import { randomUUID } from 'node:crypto';
import dns from 'node:dns';
import { type AddressInfo, connect, createServer, type Server as NetServer, type Socket } from 'node:net';
import { Redis } from 'ioredis';
import { afterEach, expect, it } from 'vitest';
import { createLogger } from '#shared/runtime/log.ts';
import { startRedis } from '#test/dev-env/redis.ts';
import { startTcpProxy } from '#test/dev-env/tcp-proxy.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { connectRedisBackplane, type RedisBackplane } from './redis-backplane.ts';

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const it of open.splice(0).reverse()) await it[Symbol.asyncDispose]();
});

async function redis() {
  const server = await startRedis();
  open.push(server);
  return server;
}

const logged: string[] = [];
const log = createLogger({ name: 'test', level: 'trace', destination: { write: (line) => void logged.push(line) } });

function connectTo(url: string, options: { canaryEveryMs?: number; timeoutMs?: number } = {}): RedisBackplane {
  const backplane = connectRedisBackplane({ url, log, canaryEveryMs: 300, timeoutMs: 500, ...options });
  open.push({ [Symbol.asyncDispose]: () => backplane.close() });
  return backplane;
}

const is = (backplane: RedisBackplane, state: 'up' | 'down') =>
  eventually(() => (backplane.state === state ? undefined : `it is ${backplane.state}`));
const frame = (text: string) => Buffer.from(text);

async function listen(backplane: RedisBackplane, channel: string): Promise<string[]> {
  const frames: string[] = [];
  await backplane.subscribe(channel, (bytes) => frames.push(Buffer.from(bytes).toString()));
  return frames;
}

describeWithServer('redis', 'redis backplane, when Redis fails', () => {
  it('starts without Redis, refuses to publish at once, and heals when it comes', async () => {
    const server = await redis();
    await server.kill();
    const backplane = connectTo(server.url);
    const channel = `sonixy:${randomUUID()}`;
    const pending = listen(backplane, channel);
    await expect(backplane.publish(channel, frame('lost'))).rejects.toMatchObject({ code: 'unavailable' });
    await expect(backplane.publishMany([channel, 'b'], frame('lost'))).rejects.toMatchObject({ code: 'unavailable' });
    expect(backplane.state).toBe('down');
    await server.restart();
    const frames = await pending;
    await is(backplane, 'up');
    await backplane.publish(channel, frame('a'));
    await eventually(() => (frames.join() === 'a' ? undefined : frames.join()));
  });

  it('takes every subscription up again before it says up', async () => {
    const server = await redis();
    const [publisher, subscriber] = [connectTo(server.url), connectTo(server.url)];
    const channels = Array.from({ length: 1_200 }, () => `sonixy:${randomUUID()}`);
    let came = 0;
    await Promise.all(channels.map((channel) => subscriber.subscribe(channel, () => (came += 1))));
    const states: string[] = [];
    subscriber.onStateChange((state) => states.push(state));
    await is(publisher, 'up');
    await is(subscriber, 'up');
    states.length = 0;
    await server.restart();
    await eventually(() => (states.join() === 'down,up' ? undefined : `states: ${states.join()}`));
    await is(publisher, 'up');
    await Promise.all(channels.map((channel) => publisher.publish(channel, frame('a'))));
    await eventually(() => (came === channels.length ? undefined : `${came} came`));
  });

  it('forgets a channel that was left during the outage', async () => {
    const server = await redis();
    const backplane = connectTo(server.url);
    await is(backplane, 'up');
    const channel = `sonixy:${randomUUID()}`;
    const { unsubscribe } = await backplane.subscribe(channel, () => {});
    await server.kill();
    await is(backplane, 'down');
    unsubscribe();
    await server.restart();
    await is(backplane, 'up');
    const admin = new Redis(server.url);
    open.push({ [Symbol.asyncDispose]: async () => admin.disconnect() });
    expect(await admin.pubsub('NUMSUB', channel)).toEqual([channel, 0]);
  });

  it('notices a frozen server by its canary and comes back when it thaws', async () => {
    const server = await redis();
    const backplane = connectTo(server.url);
    const frames = await listen(backplane, 'sonixy:frozen');
    await is(backplane, 'up');
    server.stopProcess();
    await is(backplane, 'down');
    expect(backplane.blind).toBe(false);
    server.cont();
    await is(backplane, 'up');
    await backplane.publish('sonixy:frozen', frame('a'));
    await eventually(() => (frames.includes('a') ? undefined : 'nothing came'));
  });

  it('replaces connections whose peer died without a word', async () => {
    const server = await redis();
    const proxy = await startTcpProxy({ port: server.port });
    open.push(proxy);
    const backplane = connectTo(proxy.through(server.url));
    const frames = await listen(backplane, 'sonixy:half-open');
    await is(backplane, 'up');
    proxy.halfOpen();
    await is(backplane, 'down');
    await is(backplane, 'up');
    await backplane.publish('sonixy:half-open', frame('a'));
    await eventually(() => (frames.includes('a') ? undefined : 'nothing came'));
  });

  it('is blind while Redis answers and its own subscription is dead, and sees again without a restart', async () => {
    const server = await redis();
    const url = await withUser(server.url, ['+subscribe', '+unsubscribe', '+publish', '&sonixy:*']);
    const backplane = connectTo(url);
    await is(backplane, 'up');
    expect(backplane.blind).toBe(false);
    const admin = new Redis(server.url);
    open.push({ [Symbol.asyncDispose]: async () => admin.disconnect() });
    await admin.call('ACL', 'SETUSER', 'hub', '-subscribe');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await eventually(() => (backplane.blind ? undefined : 'not blind'));
    expect(backplane.state).toBe('down');
    await admin.call('ACL', 'SETUSER', 'hub', '+subscribe');
    await is(backplane, 'up');
    expect(backplane.blind).toBe(false);
  });

  it('works with an ACL user that may do nothing else, and never logs the password', async () => {
    const server = await redis();
    const url = await withUser(server.url, ['+subscribe', '+unsubscribe', '+publish', '&sonixy:*']);
    const backplane = connectTo(url);
    const frames = await listen(backplane, 'sonixy:acl');
    await is(backplane, 'up');
    await backplane.publish('sonixy:acl', frame('a'));
    await eventually(() => (frames.includes('a') ? undefined : 'nothing came'));
    const wrong = connectTo(url.replace('canary-password', 'canary-password-wrong'));
    await eventually(() => (logged.join('').includes('WRONGPASS') ? undefined : 'no line about the password'));
    expect(wrong.state).toBe('down');
    expect(logged.join('')).not.toContain('canary-password');
  });

  it('follows Redis to another address behind the same name', async () => {
    const [first, second] = [await redis(), await redis()];
    const relay = await relayTo('127.0.0.1', 0, first.port);
    await relayTo('127.0.0.2', relay.port, second.port);
    let address = '127.0.0.1';
    const { lookup } = dns;
    open.push({ [Symbol.asyncDispose]: async () => void Object.assign(dns, { lookup }) });
    Object.assign(dns, {
      lookup: (name: string, ...rest: unknown[]) =>
        Reflect.apply(lookup, dns, [name === 'redis.test' ? address : name, ...rest]),
    });
    const backplane = connectTo(`redis://redis.test:${relay.port}`);
    const frames = await listen(backplane, 'sonixy:moved');
    await is(backplane, 'up');
    address = '127.0.0.2';
    await relay.close();
    await is(backplane, 'down');
    await is(backplane, 'up');
    await first.kill();
    await backplane.publish('sonixy:moved', frame('a'));
    await eventually(() => (frames.includes('a') ? undefined : 'nothing came'));
  });
});

async function withUser(url: string, rules: readonly string[]): Promise<string> {
  const admin = new Redis(url);
  await admin.call('ACL', 'SETUSER', 'hub', 'reset', 'on', '>canary-password', 'resetchannels', ...rules);
  admin.disconnect();
  return url.replace('redis://', 'redis://hub:canary-password@');
}

async function relayTo(host: string, port: number, target: number): Promise<{ port: number; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server: NetServer = createServer((inner) => {
    const outer = connect(target, '127.0.0.1');
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      sockets.add(from);
      from.on('error', () => to.destroy());
      from.on('close', () => to.destroy());
      from.pipe(to);
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  open.push({ [Symbol.asyncDispose]: close });
  return { port: (server.address() as AddressInfo).port, close };
}
