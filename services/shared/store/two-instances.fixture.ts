import { afterAll, beforeAll } from 'vitest';
import { type Clock, systemClock } from '#shared/runtime/clock.ts';
import { eventually } from '#test/eventually.ts';

/** Time that the test moves; timers are real. */
export type TestClock = Clock & { advance(ms: number): void };

type Instance = { ping(): Promise<void>; close(): Promise<void> };

/** Data that a contract suite runs on; disposing of it removes them. */
type OpenData<Store> = AsyncDisposable & { open(clock: Clock): Promise<Store> };

export type TwoInstances<Data, Store> = {
  readonly data: Data;
  readonly store: Store;
  readonly other: Store;
  readonly clock: TestClock;
};

/** Two instances of a store over the same data and by the same clock, from before the first test to after the last one. */
export function prepareTwoInstances<Store extends Instance, Data extends OpenData<Store>>(
  make: () => Promise<Data>,
): TwoInstances<Data, Store> {
  let data: Data;
  let store: Store;
  let other: Store;
  let now = Date.parse('2026-01-01T00:00:00Z');
  const clock: TestClock = {
    now: () => now,
    after: systemClock.after,
    advance(ms) {
      now += ms;
    },
  };

  beforeAll(async () => {
    data = await make();
    store = await data.open(clock);
    other = await data.open(clock);
    await eventually(async () => void (await Promise.all([store.ping(), other.ping()])));
  });

  afterAll(async () => {
    await Promise.all([store?.close(), other?.close()]);
    await data?.[Symbol.asyncDispose]();
  });

  return {
    get data() {
      return data;
    },
    get store() {
      return store;
    },
    get other() {
      return other;
    },
    clock,
  };
}
