import { Agent, request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { HttpTransportType } from '@microsoft/signalr';
import { afterEach, describe, expect, it } from 'vitest';
import { createTrustedProxies } from '#shared/http/client-address.ts';
import { eventually } from '#test/eventually.ts';
import { JumpingClock } from '#test/jumping-clock.ts';
import { connected, connectionToken, negotiate, signalR, socketIo, upgrade } from './simulated-clients.fixture.ts';
import { listedOrigin, type SimulatedWorker, startWorker } from './simulated-worker.fixture.ts';

const open: SimulatedWorker[] = [];
const sockets: Socket[] = [];
const agents: Agent[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const agent of agents.splice(0)) agent.destroy();
  for (const worker of open.splice(0).reverse()) await worker[Symbol.asyncDispose]();
});

const maxConnections = 3;
async function start(trusted: readonly string[] = [], clock = new JumpingClock()): Promise<SimulatedWorker> {
  const addresses = { proxies: createTrustedProxies(trusted), maxConnections };
  const worker = await startWorker({ addresses, clock });
  open.push(worker);
  return worker;
}

const portOf = ({ url }: SimulatedWorker) => Number(new URL(url).port);
const from = (address: string) => ({ 'x-forwarded-for': address });

/** A WebSocket that stays until `end`; one that is refused must not take the next free place. */
async function hold(worker: SimulatedWorker, headers: Record<string, string> = {}) {
  const auth = { token: await worker.token() };
  const socket = socketIo(worker, { auth, extraHeaders: headers, reconnection: false });
  await connected(socket);
  return { end: () => void socket.close() };
}

/** On a connection of its own, which stays open. */
async function get(worker: SimulatedWorker, path: string, headers: Record<string, string> = {}) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agents.push(agent);
  return new Promise<{ status: number | undefined; headers: NodeJS.Dict<string | string[]>; end: () => void }>(
    (resolve, reject) => {
      httpRequest({ port: portOf(worker), path, agent, headers }, (response) => {
        response.on('error', () => {}).resume();
        resolve({ status: response.statusCode, headers: response.headers, end: () => void response.destroy() });
      })
        .on('error', reject)
        .end();
    },
  );
}

const webSocketPath = async (worker: SimulatedWorker) =>
  `${worker.url}/hubs/notifications?access_token=${await worker.token()}`;

describe('connections of one address at a hub', () => {
  it('are let in up to the cap, over either protocol, and told when to come back beyond it', async () => {
    const worker = await start();
    const [first] = [await hold(worker), await hold(worker), await hold(worker)];
    expect(await upgrade(await webSocketPath(worker), {})).toBe(429);
    expect(await upgrade(`${worker.url}/socket.io/?EIO=4&transport=websocket`, {})).toBe(429);
    await expect(hold(worker)).rejects.toThrow();
    const refused = await get(worker, '/socket.io/?EIO=4&transport=polling', { origin: listedOrigin });
    expect(refused.status).toBe(429);
    expect([refused.headers['retry-after'], refused.headers['connection']]).toEqual(['5', 'close']);
    expect(refused.headers['access-control-allow-origin']).toBe(listedOrigin);
    first?.end();
    await eventually(async () => {
      const status = await upgrade(await webSocketPath(worker), {});
      return status === 101 ? undefined : `got ${status}`;
    });
  });

  it('are audited and counted when they are refused, without a token', async () => {
    const worker = await start();
    for (let count = 0; count < 3; count += 1) await hold(worker);
    const path = await webSocketPath(worker);
    expect(await upgrade(path, {})).toBe(429);
    const audits = worker
      .logged()
      .split('\n')
      .filter((line) => line.includes('"audit"'));
    expect(audits.map((line) => JSON.parse(line))).toMatchObject([{ audit: 'rate_limited', ip: '127.0.0.1' }]);
    expect(worker.logged()).not.toContain(path.split('=')[1]);
    expect(await worker.metrics.registry.metrics()).toMatch(/hub_address_limit_refusals_total\{.*\} 1/);
  });

  it('are counted also while they ask for nothing, and end when they are too many', async () => {
    const clock = new JumpingClock();
    const worker = await start([], clock);
    const idle = Array.from({ length: 4 }, () => connect(portOf(worker), '127.0.0.1').on('error', () => {}));
    sockets.push(...idle);
    await eventually(() => (idle.every(({ readyState }) => readyState === 'open') ? undefined : 'connecting'));
    await eventually(() => {
      clock.jump(5_000);
      return idle.filter(({ closed }) => closed).length === 1 ? undefined : 'none was ended';
    });
    expect(idle.filter(({ closed }) => closed)).toEqual([idle[3]]);
  });

  it('are one address when nobody is trusted, whatever they claim', async () => {
    const worker = await start();
    for (let count = 0; count < 3; count += 1) await hold(worker, from(`10.0.0.${count}`));
    expect(await upgrade(await webSocketPath(worker), from('10.0.0.9'))).toBe(429);
  });

  it('through a trusted proxy count for the address that it tells', async () => {
    const worker = await start(['127.0.0.1']);
    const clients: { end: () => void }[] = [];
    for (const address of ['10.0.0.1', '10.0.0.2']) {
      for (let count = 0; count < 3; count += 1) clients.push(await hold(worker, from(address)));
      expect(await upgrade(await webSocketPath(worker), from(address))).toBe(429);
    }
    expect(await upgrade(await webSocketPath(worker), from('10.0.0.3'))).toBe(101);
    // What is no connection is let through.
    expect((await negotiate(worker, from('10.0.0.1'))).status).toBe(200);
    clients[0]?.end();
    await eventually(async () => {
      const status = await upgrade(await webSocketPath(worker), from('10.0.0.1'));
      return status === 101 ? undefined : `got ${status}`;
    });
  });

  it('count event streams and polls too, each until it ends', async () => {
    const worker = await start(['127.0.0.1']);
    const authorization = { authorization: `Bearer ${await worker.token()}` };
    const headers = { ...authorization, ...from('10.0.0.1'), accept: 'text/event-stream' };
    const stream = async () => get(worker, `/hubs/notifications?id=${await connectionToken(worker)}`, headers);
    const streams = [await stream(), await stream(), await stream()];
    expect(streams.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await stream()).status).toBe(429);
    streams[0]?.end();
    await eventually(async () => {
      const { status } = await stream();
      return status === 200 ? undefined : `got ${status}`;
    });
  });

  it('may be as many as they like where no cap is set', async () => {
    const worker = await startWorker();
    open.push(worker);
    for (let count = 0; count < 8; count += 1) await hold(worker);
    await signalR(worker, await worker.token(), HttpTransportType.LongPolling).start();
    expect(worker.hub.connections).toBe(9);
  });
});
