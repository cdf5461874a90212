import { expect, test } from 'vitest';
import { Readiness } from './readiness.ts';

const running = { ready: true, required: true, detail: 'running' };

function startedReadiness(): Readiness {
  const readiness = new Readiness();
  readiness.started();
  return readiness;
}

test('a process is ready from the end of its start until it stops', () => {
  const readiness = new Readiness();
  expect(readiness.report()).toEqual({
    ready: false,
    parts: { process: { ready: false, required: true, detail: 'starting' } },
  });
  readiness.started();
  expect(readiness.report()).toEqual({ ready: true, parts: { process: running } });
  readiness.stopping();
  expect(readiness.report().ready).toBe(false);
});

test('only required parts make a process not ready', () => {
  const readiness = startedReadiness();
  readiness.set('store', { ready: true, required: true, detail: 'open' });
  readiness.set('redis', { ready: false, required: false, detail: 'connecting' });
  expect(readiness.report()).toEqual({
    ready: true,
    parts: {
      process: running,
      store: { ready: true, required: true, detail: 'open' },
      redis: { ready: false, required: false, detail: 'connecting' },
    },
  });
  readiness.set('store', { ready: false, required: true, detail: 'full' });
  expect(readiness.report().ready).toBe(false);
  readiness.set('store', { ready: true, required: true, detail: 'open' });
  expect(readiness.report().ready).toBe(true);
});

test('a watched part is asked at each report', () => {
  const readiness = startedReadiness();
  let ready = false;
  readiness.watch('bus', () => ({ ready, required: true, detail: 'connecting' }));
  expect(readiness.report().ready).toBe(false);
  ready = true;
  expect(readiness.report().ready).toBe(true);
});
