import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { eventually } from '../eventually.ts';
import { startTcpProxy, type TcpProxy } from './tcp-proxy.ts';

let server: ReturnType<typeof createServer>;
let atServer: Socket[];
let proxy: TcpProxy;
let opened: Socket[];

beforeEach(async () => {
  atServer = [];
  opened = [];
  // An echo that ends when its client ends.
  server = createServer((socket) => {
    atServer.push(socket.on('error', () => undefined));
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy = await startTcpProxy({ port: (server.address() as AddressInfo).port });
});

afterEach(async () => {
  await proxy[Symbol.asyncDispose]();
  for (const socket of [...opened, ...atServer]) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

type Client = { socket: Socket; received: () => string; closed: () => boolean; error: () => string | undefined };

async function open(): Promise<Client> {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  opened.push(socket);
  let received = '';
  let error: string | undefined;
  socket.setEncoding('latin1').on('data', (text) => {
    received += text;
  });
  socket.on('error', (e: NodeJS.ErrnoException) => {
    error = e.code;
  });
  socket.on('end', () => socket.end());
  await once(socket, 'connect');
  return { socket, received: () => received, closed: () => socket.destroyed, error: () => error };
}

const arrives = (client: Client, text: string) =>
  eventually(() => (client.received() === text ? undefined : `got ${client.received().length} characters`));
const closes = (client: Client) => eventually(() => (client.closed() ? undefined : 'still open'));

test('without faults bytes and ends pass unchanged', async () => {
  const client = await open();
  const text = 'x'.repeat(3_000_000);
  client.socket.end(text);
  await arrives(client, text);
  await closes(client);
  expect(client.error()).toBeUndefined();
  await eventually(() => (proxy.connections === 0 ? undefined : `${proxy.connections} open`));
});

test('a URL is led through the proxy', () => {
  expect(proxy.through('amqp://u:p@broker:5672/vhost?x=1')).toBe(`amqp://u:p@127.0.0.1:${proxy.port}/vhost?x=1`);
});

test('a cut ends every connection at both sides, and new ones work', async () => {
  const client = await open();
  client.socket.write('before');
  await arrives(client, 'before');
  proxy.cut();
  await closes(client);
  await eventually(() => (atServer[0]?.destroyed ? undefined : 'the server still has it'));
  const next = await open();
  next.socket.write('after');
  await arrives(next, 'after');
  expect(proxy.accepted).toBe(2);
});

test('a cut by reset is an error at the client', async () => {
  const client = await open();
  client.socket.write('before');
  await arrives(client, 'before');
  proxy.cut('reset');
  await closes(client);
  expect(client.error()).toBe('ECONNRESET');
});

test('refused connections get ECONNREFUSED while present ones live', async () => {
  const client = await open();
  proxy.refuse();
  await expect(open()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  client.socket.write('alive');
  await arrives(client, 'alive');
  await proxy.heal();
  const next = await open();
  next.socket.write('again');
  await arrives(next, 'again');
});

test('a blackhole passes nothing, and all of it in order once healed', async () => {
  const client = await open();
  client.socket.write('a');
  await arrives(client, 'a');
  const atServerBefore = atServer[0]?.bytesRead;
  proxy.blackhole();
  client.socket.write('b');
  const late = await open();
  late.socket.write('late');
  late.socket.resetAndDestroy();
  // A connection past the proxy proves that the server could have answered long ago.
  const direct = connect((server.address() as AddressInfo).port, '127.0.0.1');
  opened.push(direct);
  direct.write('direct');
  await once(direct, 'data');
  expect(client.received()).toBe('a');
  expect(atServer[0]?.bytesRead).toBe(atServerBefore);
  expect(client.closed()).toBe(false);
  client.socket.write('c');
  await proxy.heal();
  await arrives(client, 'abc');
});

test('a half-open connection is not noticed by the client until it is healed', async () => {
  const client = await open();
  client.socket.write('a');
  await arrives(client, 'a');
  proxy.halfOpen();
  await eventually(() => (atServer[0]?.destroyed ? undefined : 'the server still has it'));
  client.socket.write('into the void');
  await eventually(() => (client.socket.writableLength === 0 ? undefined : 'not taken'));
  const next = await open();
  next.socket.write('next');
  await arrives(next, 'next');
  expect(client.closed()).toBe(false);
  expect(client.received()).toBe('a');
  await proxy.heal();
  await closes(client);
  expect(client.error()).toBe('ECONNRESET');
  expect(next.closed()).toBe(false);
});

test('a delay holds each byte back', async () => {
  proxy.setFaults('toServer', { delayMs: 300 });
  const client = await open();
  const text = 'y'.repeat(200_000);
  const began = performance.now();
  client.socket.write(text);
  await arrives(client, text);
  const took = performance.now() - began;
  expect(took).toBeGreaterThanOrEqual(299);
});

test('a bandwidth limit holds for its direction', async () => {
  proxy.setFaults('toClient', { bytesPerSecond: 100_000 });
  const client = await open();
  const began = performance.now();
  client.socket.write('z'.repeat(50_000));
  await eventually(() => (atServer[0]?.bytesRead === 50_000 ? undefined : 'not at the server'));
  const upAfter = performance.now() - began;
  await arrives(client, 'z'.repeat(50_000));
  const downAfter = performance.now() - began;
  expect(downAfter).toBeGreaterThanOrEqual(400);
  expect(upAfter).toBeLessThan(downAfter);
});

test.each(['close', 'reset'] as const)('after so many bytes the connection is cut by %s', async (cutBy) => {
  proxy.setFaults('toServer', { cutAfterBytes: 10, cutBy });
  const client = await open();
  client.socket.write('0123456789abcdef');
  await closes(client);
  await eventually(() => (atServer[0]?.destroyed ? undefined : 'the server still has it'));
  expect(atServer[0]?.bytesRead).toBeLessThanOrEqual(10);
  if (cutBy === 'close') expect(atServer[0]?.bytesRead).toBe(10);
  await proxy.heal();
  const next = await open();
  next.socket.write('0123456789abcdef');
  await arrives(next, '0123456789abcdef');
});

test('a server that refuses is a reset to the client', async () => {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
  const client = await open();
  await closes(client);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
