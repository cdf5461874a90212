import { expect, test } from 'vitest';
import { ManualClock } from './manual-clock.fixture.ts';
import { serveHub } from './served-hub.fixture.ts';

/** A tick then is a second, and each advance of the clock is one. */
const onePerSecond = { closeTimeoutMs: 10_000 };

const negotiate = async (url: string) => {
  const response = await fetch(`${url}/negotiate?negotiateVersion=1`, { method: 'POST' });
  return ((await response.json()) as { connectionToken: string }).connectionToken;
};

test('a negotiated connection begins within its time, not later and only once', async () => {
  const clock = new ManualClock();
  await using hub = await serveHub({}, { clock, limits: onePerSecond });
  const [early, late] = [await negotiate(hub.url), await negotiate(hub.url)];
  clock.advance(60_000);
  expect((await fetch(`${hub.url}?id=${early}`)).status).toBe(200);
  expect((await fetch(`${hub.url}?id=${early}`, { method: 'DELETE' })).status).toBe(202);
  clock.advance(1);
  expect((await fetch(`${hub.url}?id=${late}`)).status).toBe(404);
  expect((await fetch(`${hub.url}?id=${early}`)).status).toBe(404);
  expect(hub.connections).toBe(0);
});

test('what a worker remembers of used ids does not grow', async () => {
  const clock = new ManualClock();
  await using hub = await serveHub({}, { clock, limits: onePerSecond });
  for (let round = 0; round < 3; round++) {
    const token = await negotiate(hub.url);
    await fetch(`${hub.url}?id=${token}`);
    await fetch(`${hub.url}?id=${token}`, { method: 'DELETE' });
    expect(clock.pending).toBe(1);
    for (let second = 0; second < 400; second++) clock.advance(1000);
    expect(clock.pending).toBe(0);
  }
});

test('a process that slept does not take its clients for dead', async () => {
  const clock = new ManualClock();
  await using hub = await serveHub({}, { clock, limits: onePerSecond });
  const token = await negotiate(hub.url);
  await fetch(`${hub.url}?id=${token}`);
  clock.advance(3_600_000);
  expect(hub.connections).toBe(1);
  for (let second = 0; second < 30; second++) clock.advance(1000);
  expect(hub.connections).toBe(0);
});
