import { describe, expect, test } from 'vitest';
import type { Forward, ForwardOutcome, Worker } from './index.ts';
import { type ServedHub, serveHub } from './served-hub.fixture.ts';

const owner: Worker = { id: 'worker-2', address: 'http://10.0.0.2:8097' };
const handshake = '{"protocol":"json","version":1}\u001e';

async function tokenFor(hub: ServedHub): Promise<string> {
  const answer = await fetch(`${hub.url}/negotiate?negotiateVersion=1`, { method: 'POST' });
  return ((await answer.json()) as { connectionToken: string }).connectionToken;
}

/** What a worker hands on, to whom, and answers when that came to `outcome`. */
function forwarding(outcome: ForwardOutcome) {
  const handedOn: { worker: Worker; method: string | undefined }[] = [];
  const forward: Forward = async (worker, request, response) => {
    handedOn.push({ worker, method: request.method });
    if (outcome === 'answered') response.writeHead(299).end('by the owner');
    return outcome;
  };
  return { handedOn, forward };
}

const methods = ['GET', 'POST', 'DELETE'];
const ask = (hub: ServedHub, token: string, method: string) =>
  fetch(`${hub.url}?id=${token}`, { method, ...(method === 'POST' ? { body: handshake } : {}) });

describe('a request with the id of another worker', () => {
  test('is answered by that one, whatever it asks for', async () => {
    await using second = await serveHub({}, { worker: owner });
    const { handedOn, forward } = forwarding('answered');
    await using first = await serveHub({}, { forward });
    const token = await tokenFor(second);
    for (const method of methods) {
      const answer = await ask(first, token, method);
      expect([answer.status, await answer.text()]).toEqual([299, 'by the owner']);
    }
    expect(handedOn).toEqual(methods.map((method) => ({ worker: owner, method })));
    expect((await ask(first, token, 'PUT')).status).toBe(405);
    expect((await fetch(`${first.url}?id=${token}`, { method: 'OPTIONS' })).status).toBe(405);
    expect(handedOn).toHaveLength(3);
  });

  test.each<[ForwardOutcome, number]>([
    ['gone', 404],
    ['too_large', 413],
    ['broken', 404],
    ['silent', 504],
  ])('whose worker is %s is answered %i', async (outcome, status) => {
    await using second = await serveHub({}, { worker: owner });
    await using first = await serveHub({}, { forward: forwarding(outcome).forward });
    const token = await tokenFor(second);
    for (const method of methods) expect((await ask(first, token, method)).status).toBe(status);
  });

  test('stays here when it is one of our own, forged, or of a WebSocket that began here', async () => {
    await using second = await serveHub({}, { worker: owner });
    const { handedOn, forward } = forwarding('answered');
    await using first = await serveHub({}, { forward });
    const own = await tokenFor(first);
    expect((await ask(first, own, 'GET')).status).toBe(200);
    const foreign = await tokenFor(second);
    const changed = foreign.at(-2) === 'A' ? 'B' : 'A';
    expect((await ask(first, `${foreign.slice(0, -2)}${changed}${foreign.at(-1)}`, 'GET')).status).toBe(404);
    expect((await fetch(first.url)).status).toBe(400);

    const socket = new WebSocket(`${first.url.replace('http', 'ws')}?id=${foreign}`);
    const shown = new Promise((resolve) => socket.addEventListener('message', ({ data }) => resolve(data)));
    await new Promise((resolve) => socket.addEventListener('open', resolve));
    socket.send(handshake);
    expect(await shown).toBe('{}\u001e');
    expect((await ask(first, foreign, 'POST')).status).toBe(405);
    socket.close();
    expect(handedOn).toEqual([]);
  });
});
