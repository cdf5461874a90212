import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { StartError } from '#shared/runtime/start-error.ts';
import { eventually } from '#test/eventually.ts';
import { type Listener, type ListenOptions, listen } from './listen.ts';

const host = '127.0.0.1';
const open: Listener[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.close()));
});

async function start(
  handler: RequestListener,
  options: Partial<ListenOptions> = {},
): Promise<Listener & { server: Server }> {
  const server = createServer(handler);
  const listener = await listen(server, { host, port: 0, closeGraceMs: 100, ...options });
  open.push(listener);
  return { ...listener, server };
}

function client(port: number): { socket: Socket; received(): string } {
  const socket = connect(port, host);
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  return { socket, received: () => text };
}

test('a taken port is a clear error', async () => {
  const { port } = await start(() => {});
  const second = listen(createServer(), { host, port });
  await expect(second).rejects.toThrow(StartError);
  await expect(second).rejects.toThrow(
    `${host}:${port} is in use: stop the process that listens there, or choose another port`,
  );
});

test('an address that is not ours is a clear error', async () => {
  await expect(listen(createServer(), { host: '192.0.2.1', port: 0 })).rejects.toThrow('no address of this machine');
});

test.each([
  ['headers', 'GET / HTTP/1.1\r\nhost: x\r\nx-a: '],
  ['a body', 'POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100000\r\n\r\n'],
])('a client that sends %s byte by byte is answered 408 and closed', async (_part, beginning) => {
  const { port } = await start((request, response) => void request.resume().on('end', () => response.end()), {
    headersTimeoutMs: 200,
    requestTimeoutMs: 400,
  });
  const { socket, received } = client(port);
  socket.write(beginning);
  const dripping = setInterval(() => socket.write('x'), 20);
  await eventually(() => (socket.closed ? undefined : 'still open'), { timeoutMs: 5_000 });
  clearInterval(dripping);
  expect(received()).toContain('408');
  expect((await fetch(`http://${host}:${port}`)).status).toBe(200);
});

test('an answer may take longer than the request may', async () => {
  const { port } = await start((_request, response) => void setTimeout(() => response.end('late'), 600), {
    headersTimeoutMs: 200,
    requestTimeoutMs: 200,
  });
  expect(await (await fetch(`http://${host}:${port}`)).text()).toBe('late');
});

test('close lets a request in hand finish and does not wait for idle connections', async () => {
  let finish: (() => void) | undefined;
  const { port, close } = await start(
    (request, response) => {
      if (request.url === '/idle') response.end();
      else finish = () => response.end('done');
    },
    { closeGraceMs: 10_000 },
  );
  await (await fetch(`http://${host}:${port}/idle`)).text();
  const inHand = fetch(`http://${host}:${port}/slow`);
  await eventually(() => (finish ? undefined : 'not there yet'));
  const startedAt = performance.now();
  const closed = close();
  await expect(fetch(`http://${host}:${port}/new`)).rejects.toThrow();
  finish?.();
  expect(await (await inHand).text()).toBe('done');
  await closed;
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});

test('close ends what outlasts the grace, upgraded connections too', async () => {
  const { port, server, close } = await start(() => {});
  let upgraded = false;
  server.on('upgrade', (_request, socket) => {
    socket.on('error', () => {});
    socket.write('HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');
    upgraded = true;
  });
  const hanging = client(port);
  hanging.socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  const switched = client(port);
  switched.socket.write('GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n');
  await eventually(() => (upgraded ? undefined : 'not upgraded'));
  await Promise.all([close(), close(), once(hanging.socket, 'close'), once(switched.socket, 'close')]);
});

test('garbage is answered 400 and harms nobody', async () => {
  const { port } = await start((_request, response) => void response.end());
  const { socket, received } = client(port);
  socket.write(Buffer.from([0, 255, 1, 254, 13, 10, 13, 10]));
  await once(socket, 'close');
  expect(received()).toContain('400');
  expect((await fetch(`http://${host}:${port}`)).status).toBe(200);
});
