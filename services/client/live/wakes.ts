import type { Clock } from '../clock.ts';

/** The parts of a browser that tell; absent elsewhere. */
export type WakeSignals = {
  readonly window?: Pick<EventTarget, 'addEventListener' | 'removeEventListener'> | undefined;
  readonly document?:
    | (Pick<EventTarget, 'addEventListener' | 'removeEventListener'> & { readonly visibilityState: string })
    | undefined;
};

const beatMs = 15_000;
/** A timer that is later than this was asleep. */
const lateMs = 20_000;
const hiddenMs = 30_000;

/**
 * Calls `wake` when the device was asleep (timers are late), the network is back, or a page is looked at again after a
 * while: whatever connection there was may be dead without anybody knowing. Returns what ends that.
 */
export function watchWakes(clock: Clock, wake: () => void, { window, document }: WakeSignals = globalThis): () => void {
  let hiddenAt: number | undefined;
  let beat = clock.after(beatMs, () => undefined);
  const arm = () => {
    beat.cancel();
    const due = clock.now() + beatMs;
    beat = clock.after(beatMs, () => {
      if (clock.now() - due > lateMs) wake();
      arm();
    });
  };
  const online = () => wake();
  const visibility = () => {
    if (document?.visibilityState === 'hidden') hiddenAt = clock.now();
    else if (hiddenAt !== undefined) {
      if (clock.now() - hiddenAt > hiddenMs) wake();
      hiddenAt = undefined;
    }
  };
  arm();
  window?.addEventListener('online', online);
  document?.addEventListener('visibilitychange', visibility);
  return () => {
    beat.cancel();
    window?.removeEventListener('online', online);
    document?.removeEventListener('visibilitychange', visibility);
  };
}
