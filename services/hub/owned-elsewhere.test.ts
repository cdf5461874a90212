import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createTrustedProxies } from '#shared/http/client-address.ts';
import { createConnectionTokens, createSealer, newConnectionId } from '#shared/signalr/index.ts';
import { eventually } from '#test/eventually.ts';
import { JumpingClock } from '#test/jumping-clock.ts';
import { connectionToken, upgrade } from './simulated-clients.fixture.ts';
import { listedOrigin, type SimulatedWorker, startWorker } from './simulated-worker.fixture.ts';

const open: SimulatedWorker[] = [];
afterEach(async () => {
  for (const worker of open.splice(0).reverse()) await worker[Symbol.asyncDispose]();
});

type Options = NonNullable<Parameters<typeof startWorker>[0]>;

/** `other` owns nothing of what the tests connect to. */
async function startPair(ofOther: Options = {}, ofOwner: Options = {}) {
  const other = await startWorker(ofOther);
  open.push(other);
  const owner = await startWorker({ ...ofOwner, shared: other.shared });
  open.push(owner);
  return { other, owner };
}

const handshake = '{"protocol":"json","version":1}\u001e';
const stream = { accept: 'text/event-stream' };

async function ask(
  worker: SimulatedWorker,
  id: string,
  init: { method?: string; headers?: Record<string, string>; body?: string; token?: string } = {},
): Promise<Response> {
  const end = new AbortController();
  worker.later(() => end.abort());
  const { token = await worker.token(), headers, ...rest } = init;
  return fetch(`${worker.url}/hubs/notifications?id=${id}`, {
    ...rest,
    headers: { authorization: `Bearer ${token}`, ...headers },
    signal: end.signal,
  });
}

/** A long-polling connection of `owner`, begun at `worker`. */
async function startPolling(worker: SimulatedWorker, owner: SimulatedWorker, token?: string): Promise<string> {
  const id = await connectionToken(owner);
  const how = token === undefined ? {} : { token };
  expect((await ask(worker, id, how)).status).toBe(200);
  expect((await ask(worker, id, { method: 'POST', body: handshake, ...how })).status).toBe(200);
  expect(await (await ask(worker, id, how)).text()).toBe('{}\u001e');
  // Its worker would wait for a poll that takes the goodbye.
  owner.later(() => ask(owner, id, { method: 'DELETE' }));
  return id;
}

const heldFor = ({ metrics }: SimulatedWorker) => metrics.registry.getSingleMetricAsString('hub_forwarded_held');

function shownBy(answer: Response): { text: () => string; ended: () => boolean } {
  let text = '';
  let ended = false;
  const read = async () => {
    for await (const chunk of answer.body ?? []) text += Buffer.from(chunk).toString();
  };
  void read()
    .catch(() => {})
    .finally(() => {
      ended = true;
    });
  return { text: () => text, ended: () => ended };
}

describe('a connection that another worker owns', () => {
  it('is served at this one by an event stream and by sends', async () => {
    const { other, owner } = await startPair();
    const id = await connectionToken(owner);
    const answer = await ask(other, id, { headers: { ...stream, origin: listedOrigin } });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('access-control-allow-origin')).toBe(listedOrigin);
    const shown = shownBy(answer);
    await eventually(() => (shown.text() === ':\r\n' ? undefined : 'the stream does not begin'));
    expect((await ask(other, id, { method: 'POST', body: handshake })).status).toBe(200);
    await eventually(() => (owner.hub.connections === 1 ? undefined : 'not connected'));
    await owner.publish(owner.stream.create());
    await eventually(() => (shown.text().includes('"ReceiveNotification"') ? undefined : 'nothing is pushed'));
    expect([other.hub.connections, owner.hub.connections]).toEqual([0, 1]);
  });

  it('is served at this one by polls, and ended by DELETE', async () => {
    const { other, owner } = await startPair();
    const id = await startPolling(other, owner);
    const held = ask(other, id);
    await eventually(() => (owner.hub.connections === 1 ? undefined : 'not connected'));
    await owner.publish(owner.stream.create());
    expect(await (await held).text()).toContain('"ReceiveNotification"');
    expect((await ask(other, id, { method: 'DELETE' })).status).toBe(202);
    await eventually(() => (owner.hub.connections === 0 ? undefined : 'still connected'));
    expect(await other.metrics.registry.metrics()).toMatch(
      /hub_forwarded_requests_total\{outcome="answered",service="hub"\} 5/,
    );
  });

  it('ends with its stream when the client leaves this one', async () => {
    const { other, owner } = await startPair();
    const id = await connectionToken(owner);
    const leave = new AbortController();
    const headers = { ...stream, authorization: `Bearer ${await other.token()}` };
    await fetch(`${other.url}/hubs/notifications?id=${id}`, { headers, signal: leave.signal });
    await ask(other, id, { method: 'POST', body: handshake });
    await eventually(() => (owner.hub.connections === 1 ? undefined : 'not connected'));
    expect(await heldFor(other)).toContain('} 1');
    leave.abort();
    await eventually(() => (owner.hub.connections === 0 ? undefined : 'still connected'));
    await eventually(async () => ((await heldFor(other)).includes('} 0') ? undefined : 'still held'));
  });

  it('stays its user’s alone, and goes on with an expired token', async () => {
    const clock = new JumpingClock();
    const { other, owner } = await startPair({ clock }, { clock });
    const token = await owner.token('alice', 20);
    const id = await startPolling(other, owner, token);
    expect((await ask(other, id, { token: await other.token('bob') })).status).toBe(403);
    expect((await ask(other, id, { headers: { origin: 'https://evil.example' } })).status).toBe(403);
    clock.jump(20_000);
    expect((await ask(other, id, { method: 'POST', body: '{"type":6}\u001e', token })).status).toBe(200);
    expect((await ask(other, await connectionToken(owner), { token })).status).toBe(401);
  });

  it('is served while its worker drains', async () => {
    const { other, owner } = await startPair({}, { limits: { drainWindowMs: 600_000 } });
    const id = await startPolling(other, owner);
    void owner.hub.drain();
    expect((await ask(other, id, { method: 'POST', body: '{"type":6}\u001e' })).status).toBe(200);
    expect((await ask(other, id, { method: 'DELETE' })).status).toBe(202);
  });

  it('begins anew when this worker drains, and is left alone by a drain without it', async () => {
    const { other, owner } = await startPair({ limits: { drainWindowMs: 100 } });
    const [through, direct] = [await startPolling(other, owner), await startPolling(owner, owner)];
    const [held, stays] = [ask(other, through), ask(owner, direct)];
    const forwards = () => other.metrics.registry.getSingleMetricAsString('hub_forwarded_requests_total');
    await eventually(async () => {
      const held = await heldFor(other);
      return held.includes('} 1') ? undefined : held;
    });
    await other.hub.drain();
    expect((await held).status).toBe(404);
    expect((await held).headers.get('connection')).toBe('close');
    expect(await forwards()).toContain('{outcome="gone",service="hub"} 1');
    await owner.publish(owner.stream.create());
    expect(await (await stays).text()).toContain('"ReceiveNotification"');
  });

  it('is in no log, nor is its token', async () => {
    const { other, owner } = await startPair();
    const token = await other.token();
    const id = await startPolling(other, owner, token);
    const gone = tokenOf(other, { id: 'dead', address: 'http://127.0.0.1:1' });
    expect((await ask(other, gone, { token })).status).toBe(404);
    for (const secret of [token, decodeURIComponent(id), gone]) {
      expect(other.logged() + owner.logged()).not.toContain(secret);
    }
  });
});

/** What a worker of the platform would have sealed. */
function tokenOf({ shared }: SimulatedWorker, worker: { id: string; address: string | undefined }): string {
  const tokens = createConnectionTokens(createSealer({ current: '1', keys: new Map([['1', shared.idKey]]) }));
  return tokens.seal('/hubs/notifications', {
    connectionId: newConnectionId(),
    worker,
    issuedAt: Date.now(),
    identityHash: '',
  });
}

describe('nobody owns', () => {
  it('what is forged, of a dead worker, or of one before at the same address: 404', async () => {
    const { other, owner } = await startPair();
    const good = await connectionToken(owner);
    const dead = [
      `${good.slice(0, -4)}AAAA`,
      tokenOf(other, { id: 'dead', address: 'http://127.0.0.1:1' }),
      tokenOf(other, { id: 'before', address: owner.url }),
      tokenOf(other, { id: 'before', address: other.url }),
    ];
    for (const id of dead) {
      for (const method of ['GET', 'POST', 'DELETE']) {
        const answer = await ask(other, id, { method, ...(method === 'POST' ? { body: handshake } : {}) });
        expect([answer.status, await answer.text()]).toEqual([404, 'No Connection with that ID']);
      }
    }
    expect((await ask(other, good)).status).toBe(200);
    expect((await ask(other, good, { method: 'DELETE' })).status).toBe(202);
    // Nothing that was passed on went further.
    expect(await owner.metrics.registry.getSingleMetricAsString('hub_forwarded_requests_total')).toMatch(
      /outcome="gone",service="hub"\} 3/,
    );
  });

  it('what is of a worker without an address, nor does such a one pass anything on', async () => {
    const { other, owner } = await startPair({}, { withoutAddress: true });
    expect((await ask(other, await connectionToken(owner))).status).toBe(404);
    expect((await ask(owner, await connectionToken(other))).status).toBe(404);
    const own = await connectionToken(owner);
    expect((await ask(owner, own)).status).toBe(200);
    expect((await ask(owner, own, { method: 'DELETE' })).status).toBe(202);
  });
});

describe('the cap of connections of one address', () => {
  const maxConnections = 3;
  const trusting = { addresses: { proxies: createTrustedProxies(['127.0.0.1']), maxConnections } };
  const trustsNobody = { addresses: { proxies: createTrustedProxies([]), maxConnections } };
  const from = (address: string) => ({ headers: { ...stream, 'x-forwarded-for': address } });

  it('counts at the owner for the client, whom only workers can name', async () => {
    const { other, owner } = await startPair(trusting, trusting);
    for (let count = 0; count < 3; count += 1) {
      expect((await ask(other, await connectionToken(owner), from('10.0.0.1'))).status).toBe(200);
    }
    const direct = async (init: ReturnType<typeof from>) =>
      (await ask(owner, await connectionToken(owner), init)).status;
    expect(await direct(from('10.0.0.1'))).toBe(429);
    expect(await direct(from('10.0.0.2'))).toBe(200);
    const { headers } = from('10.0.0.1');
    for (const mark of ['10.0.0.9', `1.${randomUUID()}`]) {
      expect(await direct({ headers: { ...headers, ...{ 'x-internal-forwarded': mark } } })).toBe(429);
    }
  });

  it('does not count the connections of other workers, however many', async () => {
    const clock = new JumpingClock();
    const { other, owner } = await startPair({ ...trusting, clock }, { ...trustsNobody, clock });
    const ids: string[] = [];
    for (let count = 0; count < 6; count += 1) ids.push(await connectionToken(owner));
    const connects = () => connect(Number(new URL(owner.url).port), '127.0.0.1').on('error', () => {});
    const idle = Array.from({ length: 4 }, connects);
    owner.later(() => idle.map((socket) => socket.destroy()));
    await eventually(() => (idle.every(({ readyState }) => readyState === 'open') ? undefined : 'connecting'));
    const direct = async () => upgrade(`${owner.url}/hubs/notifications?access_token=${await owner.token()}`, {});
    expect(await direct()).toBe(429);

    const streams: ReturnType<typeof shownBy>[] = [];
    for (const [index, id] of ids.entries()) {
      const answer = await ask(other, id, from(`10.0.0.${index}`));
      expect([index, answer.status]).toEqual([index, 200]);
      streams.push(shownBy(answer));
    }
    clock.jump(5_000);
    await eventually(() => (idle.some(({ closed }) => closed) ? undefined : 'none of the idle ones was ended'));
    for (const socket of idle) socket.destroy();
    await eventually(async () => ((await direct()) === 101 ? undefined : 'the places of the idle ones are taken'));
    expect(streams.map(({ ended }) => ended())).toEqual(streams.map(() => false));
  });
});
