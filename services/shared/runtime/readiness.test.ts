import { expect, test } from 'vitest';
import { Readiness } from './readiness.ts';

test('only required parts make a process not ready', () => {
  const readiness = new Readiness();
  readiness.set('store', { ready: true, required: true, detail: 'open' });
  readiness.set('redis', { ready: false, required: false, detail: 'connecting' });
  expect(readiness.report()).toEqual({
    ready: true,
    parts: {
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
  const readiness = new Readiness();
  let ready = false;
  readiness.watch('bus', () => ({ ready, required: true, detail: 'connecting' }));
  expect(readiness.report().ready).toBe(false);
  ready = true;
  expect(readiness.report().ready).toBe(true);
});
