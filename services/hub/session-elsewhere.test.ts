import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '#test/eventually.ts';
import { upgrade } from './simulated-clients.fixture.ts';
import { listedOrigin, type SimulatedWorker, startWorker } from './simulated-worker.fixture.ts';

const open: SimulatedWorker[] = [];
afterEach(async () => {
  for (const worker of open.splice(0).reverse()) await worker[Symbol.asyncDispose]();
});

async function startPair(options: Parameters<typeof startWorker>[0] = {}) {
  const other = await startWorker();
  open.push(other);
  const owner = await startWorker({ ...options, shared: other.shared });
  open.push(owner);
  return { other, owner };
}

const headers = { origin: listedOrigin };
const path = (sid: string, transport = 'polling') =>
  `/socket.io/?EIO=4&transport=${transport}${sid && `&sid=${encodeURIComponent(sid)}`}`;
const poll = async (worker: SimulatedWorker, sid = '') => fetch(worker.url + path(sid), { headers });
const post = (worker: SimulatedWorker, sid: string, body: string) =>
  fetch(worker.url + path(sid), { method: 'POST', headers, body });

async function openSession(worker: SimulatedWorker): Promise<string> {
  return JSON.parse((await (await poll(worker)).text()).slice(1)).sid;
}

describe('a socket.io session that polls', () => {
  it('is served at another worker than its own', async () => {
    const { other, owner } = await startPair();
    const sid = await openSession(owner);
    const sent = await post(other, sid, `40${JSON.stringify({ token: await other.token() })}`);
    expect([sent.status, await sent.text()]).toEqual([200, 'ok']);
    const answer = await poll(other, sid);
    expect(answer.headers.get('access-control-allow-origin')).toBe(listedOrigin);
    expect(await answer.text()).toMatch(/^40\{"sid":/);
    await eventually(() => (owner.hub.connections === 1 ? undefined : 'not connected'));
    const held = poll(other, sid);
    await owner.publish(owner.stream.create());
    expect(await (await held).text()).toMatch(/^42\["ReceiveNotification",/);
    expect(other.hub.connections).toBe(0);
    await post(other, sid, '41');
    await eventually(() => (owner.hub.connections === 0 ? undefined : 'still connected'));
  });

  it('goes on polling where its WebSocket reaches another worker, and may have it at its own', async () => {
    const { other, owner } = await startPair();
    const sid = await openSession(owner);
    expect(await upgrade(other.url + path(sid, 'websocket'), headers)).toBe(400);
    expect(await upgrade(owner.url + path(sid, 'websocket'), headers)).toBe(101);
    expect((await post(other, sid, '3')).status).toBe(200);
  });

  it('is unknown when its id is forged or made by a worker without an address, and gone when its worker is', async () => {
    const { other, owner } = await startPair();
    const sid = await openSession(owner);
    expect((await poll(other, `${sid.slice(0, -4)}AAAA`)).status).toBe(400);
    expect((await post(other, sid, '3')).status).toBe(200);
    const alone = await startWorker({ shared: other.shared, withoutAddress: true });
    const [theirs, own] = [await openSession(alone), await openSession(other)];
    expect((await poll(other, theirs)).status).toBe(400);
    expect((await poll(alone, sid)).status).toBe(400);
    await alone[Symbol.asyncDispose]();
    await owner[Symbol.asyncDispose]();
    open.pop();
    expect((await poll(other, sid)).status).toBe(404);
    expect((await post(other, own, '3')).status).toBe(200);
  });
});
