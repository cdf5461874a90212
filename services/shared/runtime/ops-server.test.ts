import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Listener } from './listen.ts';
import { createLogger } from './log.ts';
import { createMetrics } from './metrics.ts';
import { startOpsServer } from './ops-server.ts';
import { Readiness } from './readiness.ts';

const log = createLogger({ name: 'test', level: 'silent' });
const metrics = createMetrics('test');
const readiness = new Readiness();
readiness.started();
let server: Listener;
let origin: string;

beforeEach(async () => {
  server = await startOpsServer({ host: '127.0.0.1', port: 0, metrics, readiness, log });
  origin = `http://127.0.0.1:${server.port}`;
});
afterEach(() => server.close());

test('serves metrics of the process and of its parts', async () => {
  metrics.counter('events_total', 'events', ['outcome']).inc({ outcome: 'stored' }, 3);
  const answer = await fetch(`${origin}/metrics`);
  const text = await answer.text();
  expect(answer.headers.get('content-type')).toContain('text/plain');
  expect(text).toContain('events_total{outcome="stored",service="test"} 3');
  expect(text).toContain('process_resident_memory_bytes{service="test"}');
});

test('lives, and is ready while its required parts are', async () => {
  readiness.set('store', { ready: false, required: true, detail: 'waiting for mongodb' });
  expect((await fetch(`${origin}/livez`)).status).toBe(200);
  const waiting = await fetch(`${origin}/readyz`);
  expect(waiting.status).toBe(503);
  expect(await waiting.json()).toEqual({
    ready: false,
    parts: {
      process: { ready: true, required: true, detail: 'running' },
      store: { ready: false, required: true, detail: 'waiting for mongodb' },
    },
  });
  readiness.set('store', { ready: true, required: true, detail: 'open' });
  expect((await fetch(`${origin}/readyz?verbose`)).status).toBe(200);
});

test('knows nothing else', async () => {
  expect((await fetch(`${origin}/`)).status).toBe(404);
  expect((await fetch(`${origin}/toString`)).status).toBe(404);
  expect((await fetch(`${origin}/livez`, { method: 'POST' })).status).toBe(405);
});

test('a metric that can not be collected is a 500 without its text', async () => {
  const broken = createMetrics('broken');
  broken.gauge('broken', 'broken', [], () => {
    throw new Error('canary');
  });
  const other = await startOpsServer({ host: '127.0.0.1', port: 0, metrics: broken, readiness, log });
  const answer = await fetch(`http://127.0.0.1:${other.port}/metrics`);
  expect(answer.status).toBe(500);
  expect(await answer.text()).not.toContain('canary');
  await other.close();
});
