import type { Backplane } from '#shared/backplane/backplane.ts';
import { notificationStream, type UserId } from '#shared/contract/ids.ts';
import { streamChannel } from '#shared/contract/names.ts';
import { encodePushFrame } from '#shared/contract/push-frame.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { StreamRow } from './domain/notification-row.ts';
import { toPushBody } from './domain/present.ts';
import type { NotificationMetrics } from './notification-metrics.ts';

/** Live frames are hints: what is lost here, the hubs repair from the store. Never throws, never makes anybody wait. */
export interface RowPusher {
  /**
   * @param epoch read before the row was written. One that is read after may have begun since, by a restore: the row would
   * be taken for another of the new life, and stay with clients for ever. One that has ended does no harm.
   */
  push(recipient: UserId, row: StreamRow, epoch: string): void;
  /** Resolves when nothing is on its way any more. */
  drain(): Promise<void>;
}

export type RowPusherOptions = {
  readonly backplane: Backplane;
  readonly log: Logger;
  readonly metrics: NotificationMetrics;
  /** Beyond it, with a backplane that hangs, rows are not pushed. */
  readonly maxPending: number;
};

export function createRowPusher({ backplane, log, metrics, maxPending }: RowPusherOptions): RowPusher {
  const pending = new Set<Promise<void>>();

  async function publish(recipient: UserId, row: StreamRow, epoch: string): Promise<void> {
    const stream = notificationStream(recipient);
    try {
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
    push(recipient, row, epoch) {
      if (pending.size >= maxPending) {
        metrics.pushed('skipped');
        return;
      }
      const publishing = publish(recipient, row, epoch).finally(() => pending.delete(publishing));
      pending.add(publishing);
    },
    async drain() {
      await Promise.all(pending);
    },
  };
}
