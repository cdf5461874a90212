import { once } from 'node:events';
import { connect } from 'node:net';
import { HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { eventually } from '#test/eventually.ts';
import { type ServedHub, serveHub } from './served-hub.fixture.ts';

/** The same numbers in every run (mulberry32). */
function randomOf(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below;
  };
}

const seed = 20_261_125;
const valid = {
  json: Buffer.from('{"type":1,"invocationId":"1","target":"echo","arguments":[{"a":["€",1.5,null]},true]}\u001e'),
  messagepack: Buffer.from('15960181a161a162a137a46563686f92a3e282ac0190', 'hex'),
};
const handshakeOf = (protocol: string) => Buffer.from(`{"protocol":"${protocol}","version":1}\u001e`);

function mutate(bytes: Buffer, random: (below: number) => number): Buffer {
  const at = Math.floor(random(bytes.length));
  const kind = Math.floor(random(6));
  const changed = Buffer.from(bytes);
  if (kind === 0) return Buffer.from(Array.from({ length: 1 + Math.floor(random(200)) }, () => random(256)));
  if (kind === 1) return changed.subarray(0, at);
  if (kind === 2) return Buffer.concat([changed.subarray(0, at), Buffer.of(random(256)), changed.subarray(at)]);
  if (kind === 3) return Buffer.concat([changed.subarray(at), changed.subarray(0, at)]);
  changed[at] = kind === 4 ? random(256) : (changed[at] ?? 0) ^ (1 << random(8));
  return changed;
}

/** A stock client that works all the while; each of its calls has to be answered rightly. */
async function healthyNeighbour(hub: ServedHub) {
  const connection = new HubConnectionBuilder().withUrl(hub.url).configureLogging(LogLevel.None).build();
  await connection.start();
  return {
    async works(n: number) {
      expect(await connection.invoke('add', n, 1)).toBe(n + 1);
    },
    stop: () => connection.stop(),
  };
}

test.each(['json', 'messagepack'] as const)(
  'garbage in %s over WebSockets ends its own socket at most',
  async (protocol) => {
    await using hub = await serveHub({}, { limits: { clientTimeoutMs: 2000, handshakeTimeoutMs: 2000 } });
    const neighbour = await healthyNeighbour(hub);
    const random = randomOf(seed);
    for (let round = 0; round < 300; round++) {
      const socket = new WebSocket(hub.url.replace('http', 'ws'));
      socket.on('error', () => {});
      await once(socket, 'open');
      const handshake = handshakeOf(protocol);
      const sent = round % 4 === 0 ? [mutate(handshake, random)] : [handshake];
      for (let n = 0; n < 4; n++) sent.push(n % 2 === 0 ? mutate(valid[protocol], random) : valid[protocol]);
      for (const bytes of sent) socket.send(bytes, { binary: random(2) < 1 });
      if (random(3) < 1) socket.terminate();
      else socket.close();
      await neighbour.works(round);
    }
    await eventually(() => (hub.connections === 1 ? undefined : `${hub.connections} connections`));
    expect(hub.errors).toEqual([]);
    await neighbour.stop();
  },
);

test('garbage in place of WebSocket frames ends its own socket', async () => {
  await using hub = await serveHub();
  const neighbour = await healthyNeighbour(hub);
  const random = randomOf(seed);
  const upgrade = `GET /hubs/test HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`;
  for (let round = 0; round < 200; round++) {
    const socket = connect(hub.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    // Together with the request, so that a part of it reaches the server before it has taken the socket over.
    socket.end(Buffer.concat([Buffer.from(upgrade), mutate(Buffer.alloc(64, 0x81), random)]));
    await neighbour.works(round);
  }
  await eventually(() => (hub.connections === 1 ? undefined : `${hub.connections} connections`));
  expect(hub.errors).toEqual([]);
  await neighbour.stop();
});

test('garbage in sends, and in ids, versions and requests, ends its own connection at most', async () => {
  await using hub = await serveHub({}, { limits: { disconnectTimeoutMs: 500 } });
  const neighbour = await healthyNeighbour(hub);
  const random = randomOf(seed);
  const allowed = new Set([200, 204, 400, 404]);
  for (let round = 0; round < 100; round++) {
    const negotiated = await fetch(`${hub.url}/negotiate?negotiateVersion=1`, {
      method: 'POST',
      body: mutate(valid.json, random) as BodyInit,
    });
    const { connectionToken } = (await negotiated.json()) as { connectionToken: string };
    await fetch(`${hub.url}?id=${connectionToken}`);
    for (const bytes of [handshakeOf('json'), mutate(valid.json, random), valid.json]) {
      const response = await fetch(`${hub.url}?id=${connectionToken}`, { method: 'POST', body: bytes as BodyInit });
      expect(allowed).toContain(response.status);
    }
    const id = mutate(Buffer.from(connectionToken), random).toString('latin1');
    const strange = await fetch(`${hub.url}?ID=${encodeURIComponent(id)}&id`, { method: 'DELETE' });
    expect([202, 400, 404]).toContain(strange.status);
    const version = encodeURIComponent(mutate(Buffer.from('1'), random).toString('latin1'));
    expect((await fetch(`${hub.url}/negotiate?negotiateVersion=${version}`, { method: 'POST' })).status).toBe(200);
    await neighbour.works(round);
  }
  await eventually(() => (hub.connections === 1 ? undefined : `${hub.connections} connections`));
  expect(hub.errors).toEqual([]);
  await neighbour.stop();
});
