import type { Backplane } from '#shared/backplane/backplane.ts';
import type { Bus } from '#shared/bus/bus.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Readiness } from '#shared/runtime/readiness.ts';
import { watchStore } from '#shared/store/watch-store.ts';
import type { ChatStore } from './store/chat-store.ts';

export type WatchedParts = {
  readonly store: ChatStore;
  readonly bus: Bus;
  readonly backplane: Backplane;
  readonly clock: Clock;
};

/** Required is the store alone; while the bus is away messages are taken and their events wait in the outbox. */
export function watchChat(readiness: Readiness, { store, bus, backplane, clock }: WatchedParts): Disposable {
  readiness.watch('bus', () => ({ ready: bus.state.connected, required: false, detail: bus.state.detail }));
  readiness.watch('backplane', () => {
    const up = backplane.state === 'up';
    return {
      ready: up,
      required: false,
      detail: up ? 'connected' : 'waiting for Redis: receipts are dropped meanwhile',
    };
  });
  return watchStore(readiness, store, clock);
}
