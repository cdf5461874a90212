import type { Backplane } from '#shared/backplane/backplane.ts';
import { notificationStream, type UserId } from '#shared/contract/ids.ts';
import { streamChannel } from '#shared/contract/names.ts';
import { encodePushFrame } from '#shared/contract/push-frame.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { StreamRow } from './domain/notification-row.ts';
import { toPushBody } from './domain/present.ts';
import type { NotificationMetrics } from './notification-metrics.ts';
import type { NotificationStore } from './store/notification-store.ts';

/** Live frames are hints: what is lost here, the hubs repair from the store. Never throws, never makes anybody wait. */
export interface RowPusher {
  push(recipient: UserId, row: StreamRow): void;
  /** Resolves when nothing is on its way any more. */
  drain(): Promise<void>;
}

export type RowPusherOptions = {
  readonly store: NotificationStore;
  readonly backplane: Backplane;
  readonly log: Logger;
  readonly metrics: NotificationMetrics;
  /** Beyond it, with a backplane that hangs, rows are not pushed. */
  readonly maxPending: number;
};

export function createRowPusher({ store, backplane, log, metrics, maxPending }: RowPusherOptions): RowPusher {
  const pending = new Set<Promise<void>>();

  async function publish(recipient: UserId, row: StreamRow): Promise<void> {
    const stream = notificationStream(recipient);
    try {
      const epoch = await store.epoch();
      const body = Buffer.from(JSON.stringify(toPushBody(row)));
      const { kind, seq, number } = row;
      const frame = encodePushFrame({ stream, epoch, kind, seq, number, members: 0, body });
      await backplane.publish(streamChannel(stream), frame);
      metrics.pushed('ok');
    } catch (err) {
      metrics.pushed('failed');
      log.debug({ err }, 'row not pushed');
    }
  }

  return {
    push(recipient, row) {
      if (pending.size >= maxPending) {
        metrics.pushed('skipped');
        return;
      }
      const publishing = publish(recipient, row).finally(() => pending.delete(publishing));
      pending.add(publishing);
    },
    async drain() {
      await Promise.all(pending);
    },
  };
}
