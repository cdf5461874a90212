import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { eventually } from '#test/eventually.ts';
import { connected, signalR, socketIo } from './simulated-clients.fixture.ts';
import { type SimulatedWorker, startWorker } from './simulated-worker.fixture.ts';

const workers: SimulatedWorker[] = [];
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker[Symbol.asyncDispose]();
});

async function start(...args: Parameters<typeof startWorker>): Promise<SimulatedWorker> {
  const worker = await startWorker(...args);
  workers.push(worker);
  return worker;
}

describe('hostile clients', () => {
  /** A healthy client of each protocol beside the attack; `check` fails when it missed something. */
  async function neighbours(worker: SimulatedWorker) {
    const counts = { signalR: 0, socketIo: 0 };
    const connection = signalR(worker, await worker.token());
    connection.on('ReceiveNotification', () => {
      counts.signalR += 1;
    });
    await connection.start();
    const socket = socketIo(worker, { auth: { token: await worker.token() } });
    socket.on('ReceiveNotification', () => {
      counts.socketIo += 1;
    });
    await connected(socket);
    return async () => {
      const before = worker.stream.head.number;
      await worker.publish(worker.stream.create());
      await eventually(() =>
        counts.signalR === before + 1 && counts.socketIo === before + 1 ? undefined : JSON.stringify(counts),
      );
    };
  }

  const garbage: Record<string, string | Buffer | readonly (string | Buffer)[]> = {
    'random bytes': randomBytes(1_000),
    'no packet': '9nonsense',
    'a broken event': '42["ReceiveNotification"',
    'an event of an unknown type': '4{"type":99}',
    'a placeholder that is no number (CVE-2022-2421)': [
      '451-["x",{"_placeholder":true,"num":"splice"}]',
      Buffer.from([1]),
    ],
    'text where an attachment belongs': ['451-["x",{"_placeholder":true,"num":0}]', '42["x"]'],
    'a reserved event name': '42["disconnect"]',
    'ten thousand brackets': `42${'['.repeat(10_000)}`,
    'more than the limit': `42["x","${'a'.repeat(70_000)}"]`,
  };

  it.each(Object.entries(garbage))('of socket.io that send %s end alone', async (_what, bytes) => {
    const worker = await start();
    const check = await neighbours(worker);
    const socket = new WebSocket(`${worker.url.replace('http', 'ws')}/socket.io/?EIO=4&transport=websocket`);
    let closed = false;
    socket.on('close', () => {
      closed = true;
    });
    await new Promise((resolve) => socket.on('open', resolve));
    socket.send(`40{"token":"${await worker.token()}"}`);
    await eventually(() => (worker.hub.connections === 3 ? undefined : `${worker.hub.connections} connections`));
    for (const message of [bytes].flat()) socket.send(message);
    await eventually(() => (closed ? undefined : 'still open'));
    await check();
  });

  it.each(Object.entries(garbage))('of SignalR that send %s end alone', async (_what, bytes) => {
    const worker = await start();
    const check = await neighbours(worker);
    const socket = new WebSocket(
      `${worker.url.replace('http', 'ws')}/hubs/notifications?access_token=${await worker.token()}`,
    );
    let closed = false;
    socket.on('close', () => {
      closed = true;
    });
    await new Promise((resolve) => socket.on('open', resolve));
    socket.send('{"protocol":"json","version":1}\x1e');
    await eventually(() => (worker.hub.connections === 3 ? undefined : `${worker.hub.connections} connections`));
    socket.send(Buffer.concat([...[bytes].flat(), '\x1e'].map((it) => Buffer.from(it))));
    await eventually(() => (closed ? undefined : 'still open'));
    await check();
  });

  it.each(['{"type":1,"target":"Subscribe","arguments":[null]}\x1e', '42["Subscribe",null]'])(
    'that call too often are ended: %j',
    async (call) => {
      const worker = await start({ limits: { maxMessagesPerMinute: 20 } });
      const check = await neighbours(worker);
      const isSocketIo = call.startsWith('42');
      const path = isSocketIo
        ? '/socket.io/?EIO=4&transport=websocket'
        : `/hubs/notifications?access_token=${await worker.token()}`;
      const socket = new WebSocket(worker.url.replace('http', 'ws') + path);
      let closed = false;
      socket.on('close', () => {
        closed = true;
      });
      await new Promise((resolve) => socket.on('open', resolve));
      socket.send(isSocketIo ? `40{"token":"${await worker.token()}"}` : '{"protocol":"json","version":1}\x1e');
      await eventually(() => (worker.hub.connections === 3 ? undefined : `${worker.hub.connections} connections`));
      for (let count = 0; count < 15; count += 1) socket.send(call);
      await check();
      expect(closed).toBe(false);
      for (let count = 0; count < 10; count += 1) socket.send(call);
      await eventually(() => (closed ? undefined : 'still open'));
      await check();
    },
  );

  it('that break off in the middle of everything leave nothing behind', async () => {
    const worker = await start();
    const check = await neighbours(worker);
    const port = Number(new URL(worker.url).port);
    const sockets: Socket[] = [];
    for (const text of [
      'GET /socket',
      'GET /hubs/notifications HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
      'POST /hubs/notifications/negotiate HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nabc',
    ]) {
      const socket = connect(port, '127.0.0.1', () => socket.write(text, () => socket.resetAndDestroy()));
      socket.on('error', () => {});
      sockets.push(socket);
    }
    await eventually(() => (sockets.every(({ destroyed }) => destroyed) ? undefined : 'not all ended'));
    await check();
    expect(worker.hub.connections).toBe(2);
  });
});

describe('a client that stops reading', () => {
  it.each(['/hubs/notifications', '/socket.io'])(
    'of %s is closed at its cap, and ten others miss nothing',
    async (path) => {
      const worker = await start({ limits: { maxQueuedBytes: 200_000 } });
      const counts: number[] = [];
      for (let client = 0; client < 10; client += 1) {
        counts.push(0);
        const count = () => {
          counts[client] = (counts[client] ?? 0) + 1;
        };
        if (client % 2) {
          const connection = signalR(worker, await worker.token());
          connection.on('ReceiveNotification', count);
          await connection.start();
        } else {
          const socket = socketIo(worker, { auth: { token: await worker.token() } });
          socket.on('ReceiveNotification', count);
          await connected(socket);
        }
      }
      const isSocketIo = path === '/socket.io';
      const query = isSocketIo ? '/?EIO=4&transport=websocket' : `?access_token=${await worker.token()}`;
      const stuck = new WebSocket(worker.url.replace('http', 'ws') + path + query);
      worker.later(() => stuck.terminate());
      await new Promise((resolve) => stuck.on('open', resolve));
      stuck.send(
        isSocketIo ? `40{"token":"${await worker.token()}"}` : '{"protocol":"json","version":1}\x1e{"type":6}\x1e',
      );
      await eventually(() => (worker.hub.connections === 11 ? undefined : `${worker.hub.connections} connections`));
      stuck.pause();
      const text = 'x'.repeat(20_000);
      let sent = 0;
      await eventually(
        async () => {
          await worker.publish(worker.stream.create({ text }));
          sent += 1;
          return worker.hub.connections === 10 ? undefined : `${worker.hub.connections} connections after ${sent} rows`;
        },
        { everyMs: 1, timeoutMs: 30_000 },
      );
      await eventually(() => (counts.every((count) => count === sent) ? undefined : `${counts} of ${sent}`));
      expect(await worker.metrics.registry.getSingleMetricAsString('hub_closes_total')).toContain('reason="slow"');
    },
  );
});
