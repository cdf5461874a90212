import type { Backplane } from '#shared/backplane/backplane.ts';
import type { ReceiveEndpoint } from '#shared/bus/receive-endpoint.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Readiness } from '#shared/runtime/readiness.ts';
import { watchStore } from '#shared/store/watch-store.ts';
import type { NotificationStore } from './store/notification-store.ts';

export type WatchedParts = {
  readonly store: NotificationStore;
  readonly endpoint: ReceiveEndpoint;
  readonly backplane: Backplane;
  readonly clock: Clock;
};

/** Required is the store alone; while it is away events stay in the queue. */
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
  return watchStore(readiness, store, clock);
}
