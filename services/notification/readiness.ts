import type { Backplane } from '#shared/backplane/backplane.ts';
import type { ReceiveEndpoint } from '#shared/bus/receive-endpoint.ts';
import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { Readiness } from '#shared/runtime/readiness.ts';
import type { NotificationStore } from './store/notification-store.ts';

export type WatchedParts = {
  readonly store: NotificationStore;
  readonly backplane: Backplane;
  readonly endpoint: ReceiveEndpoint;
  readonly clock: Clock;
};

const askEveryMs = 1_000;

/** Nothing is required: an outage of a server hits all replicas alike, and taking them all out of service helps nobody. */
export function watchNotification(
  readiness: Readiness,
  { store, backplane, endpoint, clock }: WatchedParts,
): Disposable {
  let storeAnswers = false;
  let timer: Timer | undefined;
  let isOver = false;

  async function ask(): Promise<void> {
    storeAnswers = await store.ping().then(
      () => true,
      () => false,
    );
    if (!isOver) timer = clock.after(askEveryMs, () => void ask());
  }
  void ask();

  readiness.watch('store', () => ({
    ready: storeAnswers,
    required: false,
    detail: storeAnswers ? 'answers' : 'waiting for the store',
  }));
  readiness.watch('queue', () => ({
    ready: endpoint.state.status === 'consuming',
    required: false,
    detail: endpoint.state.detail,
  }));
  readiness.watch('backplane', () => ({
    ready: backplane.state === 'up',
    required: false,
    detail: backplane.state === 'up' ? 'connected' : 'waiting for Redis',
  }));
  return {
    [Symbol.dispose]: () => {
      isOver = true;
      timer?.cancel();
    },
  };
}
