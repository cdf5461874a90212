import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { Readiness } from '#shared/runtime/readiness.ts';

const pingEveryMs = 2_000;

/**
 * Required is the store until it has been reached once. An outage after that hits every replica alike: they stay ready
 * and answer 503 themselves.
 */
export function watchStore(readiness: Readiness, store: { ping(): Promise<void> }, clock: Clock): Disposable {
  readiness.set('store', { ready: false, required: true, detail: 'waiting for the first answer' });
  let reached = false;
  let stopped = false;
  let timer: Timer | undefined;

  async function ping(): Promise<void> {
    try {
      await store.ping();
      reached = true;
      readiness.set('store', { ready: true, required: true, detail: 'answers' });
    } catch {
      readiness.set('store', { ready: false, required: !reached, detail: 'does not answer' });
    }
    if (!stopped) timer = clock.after(pingEveryMs, () => void ping());
  }
  void ping();

  return {
    [Symbol.dispose]() {
      stopped = true;
      timer?.cancel();
    },
  };
}
