import type { Backplane } from '#shared/backplane/backplane.ts';
import type { ReceiveEndpoint } from '#shared/bus/receive-endpoint.ts';
import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { Readiness } from '#shared/runtime/readiness.ts';
import type { NotificationStore } from './store/notification-store.ts';

export type WatchedParts = {
  readonly store: NotificationStore;
  readonly endpoint: ReceiveEndpoint;
  readonly backplane: Backplane;
  readonly clock: Clock;
};

const pingEveryMs = 2_000;

/**
 * Required is the store, until it has been reached once. An outage after that hits every replica alike: they stay ready,
 * answer 503 themselves, and keep the events in the queue.
 */
export function watchNotification(
  readiness: Readiness,
  { store, endpoint, backplane, clock }: WatchedParts,
): Disposable {
  readiness.watch('events', () => {
    const { status, detail } = endpoint.state;
    return { ready: status === 'consuming', required: false, detail };
  });
  readiness.watch('backplane', () => {
    const up = backplane.state === 'up';
    return {
      ready: up,
      required: false,
      detail: up ? 'connected' : 'waiting for Redis: hubs repair from here meanwhile',
    };
  });
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
