import { Agent, request as httpRequest } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '#test/eventually.ts';
import { FakeClock } from '#test/fake-clock.ts';
import { bearerOf, startGateway, startService, type TestGateway, upgrade } from '../gateway.fixture.ts';

const open: AsyncDisposable[] = [];
const sockets: Socket[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const it of open.splice(0).reverse()) await it[Symbol.asyncDispose]();
});

async function start(options: Parameters<typeof startGateway>[0] = {}) {
  const service = await startService((request, response) => {
    // Streams and polls stay open.
    if (request.url?.startsWith('/hubs')) response.writeHead(200).write(':');
    else response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  service.upgrades();
  open.push(service);
  const services = { notification: service.url, hub: service.url };
  const gateway = await startGateway({ services, limits: { maxConnectionsPerAddress: 3 }, ...options });
  open.push(gateway);
  return gateway;
}

async function webSocket({ url }: TestGateway, headers: Record<string, string> = {}) {
  const answer = await upgrade(`${url}/hubs/chat`, { ...(await bearerOf('alice')), ...headers });
  if (answer.socket) sockets.push(answer.socket);
  return answer;
}

/** On a connection of its own, which stays; resolves with the head of the answer. */
async function get(
  { port }: TestGateway,
  path: string,
  agent: Agent,
  headers: Record<string, string> = {},
): Promise<{ status: number | undefined; headers: NodeJS.Dict<string | string[]>; end: () => void }> {
  const all = { ...(await bearerOf('alice')), ...headers };
  return await new Promise((resolve, reject) => {
    httpRequest({ port, path, agent, headers: all }, (response) => {
      response.on('error', () => {}).resume();
      const end = () => void response.destroy();
      resolve({ status: response.statusCode, headers: response.headers, end });
    })
      .on('error', reject)
      .end();
  });
}

const agents: Agent[] = [];
afterEach(() => {
  for (const agent of agents.splice(0)) agent.destroy();
});
function ownConnection(): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  agents.push(agent);
  return agent;
}

const proxied = { trusted: ['127.0.0.1'] };
const from = (address: string) => ({ 'x-forwarded-for': address });

describe('connections of one address', () => {
  it('are let in up to the limit, told when to come back beyond it, and let in when one has gone', async () => {
    const gateway = await start();
    for (let count = 0; count < 3; count += 1) expect((await webSocket(gateway)).status).toBe(101);
    const refused = await webSocket(gateway);
    expect([refused.status, refused.headers['retry-after'], JSON.parse(refused.body).code]).toEqual([
      429,
      '5',
      'rate_limited',
    ]);
    const rest = await get(gateway, '/api/notifications', ownConnection());
    expect([rest.status, rest.headers['retry-after'], rest.headers['connection']]).toEqual([429, '5', 'close']);
    // This service would not answer an orderly end with its own.
    sockets.shift()?.resetAndDestroy();
    await eventually(async () => ((await webSocket(gateway)).status === 101 ? undefined : 'still refused'));
    expect((await webSocket(gateway)).status).toBe(429);
  });

  it('are counted also while they ask for nothing, and end when they are too many', async () => {
    const clock = new FakeClock(Date.now());
    const gateway = await start({ clock });
    const idle = Array.from({ length: 4 }, () => connect(gateway.port, '127.0.0.1').on('error', () => {}));
    sockets.push(...idle);
    await eventually(() => (idle.every(({ readyState }) => readyState === 'open') ? undefined : 'connecting'));
    await eventually(() => {
      clock.advance(5_000);
      return idle.filter(({ closed }) => closed).length === 1 ? undefined : 'none was ended';
    });
    expect(idle.filter(({ closed }) => closed)).toEqual([idle[3]]);
    idle[0]?.destroy();
    await eventually(async () => {
      const { status } = await get(gateway, '/api/notifications', ownConnection());
      return status === 200 ? undefined : `got ${status}`;
    });
  });

  it('serve as many requests as they like', async () => {
    const gateway = await start();
    const agent = ownConnection();
    for (let count = 0; count < 10; count += 1) {
      const { status } = await get(gateway, '/api/notifications', agent);
      expect(status).toBe(200);
    }
  });
});

describe('connections through a trusted proxy', () => {
  it('count for the address that it tells', async () => {
    const gateway = await start(proxied);
    for (const address of ['10.0.0.1', '10.0.0.2']) {
      for (let count = 0; count < 3; count += 1) expect((await webSocket(gateway, from(address))).status).toBe(101);
      expect((await webSocket(gateway, from(address))).status).toBe(429);
    }
    const rest = await get(gateway, '/api/notifications', ownConnection(), from('10.0.0.1'));
    expect(rest.status).toBe(200);
  });

  it('count event streams and polls, each until it ends', async () => {
    const gateway = await start(proxied);
    const stream = () => get(gateway, '/hubs/chat?id=x', ownConnection(), from('10.0.0.1'));
    const streams = [await stream(), await stream(), await stream()];
    expect(streams.map(({ status }) => status)).toEqual([200, 200, 200]);
    const refused = await stream();
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '5']);
    expect((await webSocket(gateway, from('10.0.0.1'))).status).toBe(429);
    streams[0]?.end();
    await eventually(async () => ((await stream()).status === 200 ? undefined : 'still refused'));
  });

  it('are taken for one address when nobody is trusted, whatever they claim', async () => {
    const gateway = await start();
    for (let count = 0; count < 3; count += 1) {
      expect((await webSocket(gateway, from(`10.0.0.${count}`))).status).toBe(101);
    }
    expect((await webSocket(gateway, from('10.0.0.9'))).status).toBe(429);
  });

  it('of one IPv6 customer count together', async () => {
    const gateway = await start(proxied);
    for (let count = 0; count < 3; count += 1) {
      expect((await webSocket(gateway, from(`2001:db8:0:1::${count}`))).status).toBe(101);
    }
    expect((await webSocket(gateway, from('2001:db8:0:1::9'))).status).toBe(429);
    expect((await webSocket(gateway, from('2001:db8:0:2::9'))).status).toBe(101);
  });

  it('that are refused by the service give their place back', async () => {
    const gateway = await start({ ...proxied, services: { hub: 'http://127.0.0.1:9' } });
    for (let count = 0; count < 10; count += 1) {
      expect((await webSocket(gateway, from('10.0.0.1'))).status).toBe(503);
    }
  });
});
