import type { Bus } from '#shared/bus/bus.ts';
import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { ChatMetrics } from './chat-metrics.ts';
import type { Outbox } from './outbox/outbox.ts';
import type { Signals } from './signals.ts';
import type { ChatStore } from './store/chat-store.ts';

export type SweeperOptions = {
  readonly store: ChatStore;
  readonly bus: Bus;
  readonly outbox: Outbox;
  readonly signals: Signals;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: ChatMetrics;
  /** Give or take a fifth, so that replicas do not sweep in step. */
  readonly everyMs: number;
  /** What is younger is left to its writer. */
  readonly graceMs: number;
  readonly maxMemberships: number;
  readonly random?: () => number;
};

/** Finishes what a process that died, or one whose bus was away, left half done. All replicas sweep; leases keep them apart. */
export function startSweeper(options: SweeperOptions): { stop(): Promise<void> } {
  const { store, bus, outbox, signals, clock, log, metrics, random = Math.random } = options;
  let sweeping: Promise<void> | undefined;
  let stopped = false;
  let timer: Timer = next();

  function next(): Timer {
    return clock.after(options.everyMs * (0.8 + 0.4 * random()), () => {
      sweeping = sweep().finally(() => {
        sweeping = undefined;
        if (!stopped) timer = next();
      });
    });
  }

  async function sweep(): Promise<void> {
    try {
      await finishMemberships();
      // A lease on what cannot be published would only keep others from it.
      while (!stopped && bus.state.connected) {
        const rows = await outbox.sweep();
        if (rows === 0) return;
        metrics.swept(rows);
      }
    } catch (err) {
      log.warn({ err }, 'sweep not finished');
    }
  }

  async function finishMemberships(): Promise<void> {
    const epoch = await store.epoch();
    const begunBefore = (await store.now()) - options.graceMs;
    const finished = await store.finishMemberships({ begunBefore, limit: options.maxMemberships });
    for (const { conversation, row } of finished) {
      if (!row) continue;
      outbox.written({ row, conversation }, epoch);
      signals.membership(row);
    }
    if (finished.length > 0) log.info({ memberships: finished.length }, 'membership changes finished');
  }

  return {
    async stop() {
      stopped = true;
      timer.cancel();
      await sweeping;
    },
  };
}
