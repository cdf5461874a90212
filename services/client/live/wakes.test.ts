import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeClock } from '../../../test/fake-clock.ts';
import { watchWakes } from './wakes.ts';

/** Time that passes while no timer runs, as when a laptop is closed. */
class SleepyClock extends FakeClock {
  #asleepMs = 0;

  override now(): number {
    return super.now() + this.#asleepMs;
  }

  sleep(ms: number): void {
    this.#asleepMs += ms;
  }
}

class FakeDocument extends EventTarget {
  visibilityState = 'visible';

  become(state: 'visible' | 'hidden'): void {
    this.visibilityState = state;
    this.dispatchEvent(new Event('visibilitychange'));
  }
}

let clock: SleepyClock;
let window: EventTarget;
let document: FakeDocument;
let wakes: number;
let end: () => void;

beforeEach(() => {
  clock = new SleepyClock();
  window = new EventTarget();
  document = new FakeDocument();
  wakes = 0;
  end = watchWakes(
    clock,
    () => {
      wakes += 1;
    },
    { window, document },
  );
});

afterEach(() => end());

it('time that passes while awake wakes nobody', () => {
  clock.advance(3_600_000);
  expect(wakes).toBe(0);
});

it('a sleep is noticed with the next timer, once', () => {
  clock.advance(10_000);
  clock.sleep(60_000);
  clock.advance(5_000);
  expect(wakes).toBe(1);
  clock.advance(3_600_000);
  expect(wakes).toBe(1);
});

it('the network that is back wakes at once', () => {
  window.dispatchEvent(new Event('online'));
  expect(wakes).toBe(1);
});

it('a page that is looked at again wakes, unless it was away for a moment only', () => {
  document.become('hidden');
  clock.advance(10_000);
  document.become('visible');
  expect(wakes).toBe(0);
  document.become('hidden');
  clock.advance(31_000);
  document.become('visible');
  expect(wakes).toBe(1);
});

it('nothing wakes after the end', () => {
  end();
  window.dispatchEvent(new Event('online'));
  clock.sleep(60_000);
  clock.advance(60_000);
  expect(wakes).toBe(0);
  expect(clock.waiting).toBe(0);
});
