import { afterEach, expect, test, vi } from 'vitest';
import { systemClock } from './clock.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('waits longer than a timeout of Node can', () => {
  vi.useFakeTimers();
  const fired: string[] = [];
  const fortyDays = 40 * 24 * 3600 * 1000;
  systemClock.after(fortyDays, () => fired.push('waited'));
  const cancelled = systemClock.after(fortyDays, () => fired.push('cancelled'));
  vi.advanceTimersByTime(fortyDays - 1);
  expect(fired).toEqual([]);
  cancelled.cancel();
  vi.advanceTimersByTime(1);
  expect(fired).toEqual(['waited']);
});
