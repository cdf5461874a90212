import { HubConnectionState } from '@microsoft/signalr';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '#test/eventually.ts';
import { connected, negotiate, signalR, socketIo, upgrade } from './simulated-clients.fixture.ts';
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

describe('admission', () => {
  it('holds negotiate at the cap until there is a place', async () => {
    const worker = await start({ limits: { maxConnections: 1 } });
    const first = signalR(worker, await worker.token());
    await first.start();
    const second = signalR(worker, await worker.token('bob'));
    let started = false;
    const starting = second.start().then(() => {
      started = true;
    });
    await eventually(() => (worker.hub.connections === 1 ? undefined : 'not one'));
    expect(started).toBe(false);
    await first.stop();
    await starting;
    expect(second.state).toBe(HubConnectionState.Connected);
  });

  it('sends the client away after the wait with 503 and Retry-After, over each protocol', async () => {
    const worker = await start({ limits: { maxConnections: 1, admissionWaitMs: 50 } });
    await signalR(worker, await worker.token()).start();
    const refused = await negotiate(worker);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const polling = await fetch(`${worker.url}/socket.io/?EIO=4&transport=polling`);
    expect(polling.status).toBe(503);
    expect(Number(polling.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await upgrade(`${worker.url}/socket.io/?EIO=4&transport=websocket`, {})).toBe(503);
    expect(await upgrade(`${worker.url}/hubs/notifications?access_token=${await worker.token()}`, {})).toBe(503);
  });

  it('bounds the connections of one user, and nobody else', async () => {
    const worker = await start({ limits: { maxConnectionsPerUser: 1 } });
    await connected(socketIo(worker, { auth: { token: await worker.token() } }));
    expect((await negotiate(worker)).status).toBe(429);
    await expect(connected(socketIo(worker, { auth: { token: await worker.token() } }))).rejects.toMatchObject({
      data: { code: 'rate_limited' },
    });
    await connected(socketIo(worker, { auth: { token: await worker.token('bob') } }));
    const audits = worker
      .logged()
      .split('\n')
      .filter((line) => line.includes('"audit"'));
    const refused = { audit: 'rate_limited', user: 'alice', msg: 'connection refused' };
    expect(audits.map((line) => JSON.parse(line))).toMatchObject([refused, refused]);
    expect(await worker.metrics.registry.metrics()).toMatch(/hub_user_limit_refusals_total\{.*\} 2/);
  });

  it('is closed during a drain', async () => {
    const worker = await start();
    expect((await negotiate(worker)).status).toBe(200);
    await worker.hub.drain();
    const refused = [await negotiate(worker), await fetch(`${worker.url}/socket.io/?EIO=4&transport=polling`)];
    expect(refused.map(({ status }) => status)).toEqual([503, 503]);
    // The next try opens a connection of its own, and so meets another worker.
    expect(refused.map(({ headers }) => headers.get('connection'))).toEqual(['close', 'close']);
  });
});
