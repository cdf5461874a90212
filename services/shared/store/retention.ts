import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';

export type RetentionOptions = {
  readonly store: { purge(options: { readonly deletedBefore: number }): Promise<{ readonly removed: number }> };
  readonly clock: Clock;
  readonly log: Logger;
  readonly onPurged: (rows: number) => void;
  readonly tombstoneDays: number;
};

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Purges old tombstones every hour. Replicas may do it at once. */
export function startRetention({ store, clock, log, onPurged, tombstoneDays }: RetentionOptions): {
  stop(): Promise<void>;
} {
  let purging: Promise<void> | undefined;
  let timer: Timer = clock.after(hourMs, purge);

  function purge(): void {
    purging = purgeOnce().finally(() => {
      purging = undefined;
    });
    timer = clock.after(hourMs, purge);
  }

  async function purgeOnce(): Promise<void> {
    try {
      const { removed } = await store.purge({ deletedBefore: clock.now() - tombstoneDays * dayMs });
      onPurged(removed);
      if (removed > 0) log.info({ removed }, 'old tombstones purged');
    } catch (err) {
      log.warn({ err }, 'tombstones not purged, trying again in an hour');
    }
  }

  return {
    async stop() {
      timer.cancel();
      await purging;
    },
  };
}
