import type { Backplane } from '#shared/backplane/backplane.ts';
import { conversationStream, type UserId } from '#shared/contract/ids.ts';
import { streamChannel, userChannel } from '#shared/contract/names.ts';
import { encodeSignalFrame } from '#shared/contract/signal-frame.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { ChatMetrics } from './chat-metrics.ts';
import type { ConversationView } from './domain/conversation.ts';
import { movedBy } from './domain/membership-news.ts';
import type { ChatRow } from './domain/message-row.ts';

/** Droppable news for the hubs. Never throws, never makes anybody wait. */
export interface Signals {
  /** To those whose place the row tells to have changed, and to `others`. */
  membership(row: ChatRow, others?: readonly UserId[]): void;
  read(view: ConversationView, readThrough: number): void;
  /** Resolves when nothing is on its way any more. */
  drain(): Promise<void>;
}

export type SignalsOptions = {
  readonly backplane: Backplane;
  readonly log: Logger;
  readonly metrics: ChatMetrics;
  /** Beyond it, with a backplane that hangs, signals are dropped. */
  readonly maxPending: number;
};

export function createSignals({ backplane, log, metrics, maxPending }: SignalsOptions): Signals {
  const pending = new Set<Promise<void>>();

  function send(channels: readonly string[], frame: Uint8Array): void {
    if (pending.size >= maxPending) {
      metrics.signalled('skipped');
      return;
    }
    const sending = publish(channels, frame).finally(() => pending.delete(sending));
    pending.add(sending);
  }

  async function publish(channels: readonly string[], frame: Uint8Array): Promise<void> {
    try {
      await backplane.publishMany(channels, frame);
      metrics.signalled('ok');
    } catch (err) {
      metrics.signalled('failed');
      log.debug({ err }, 'signal not sent');
    }
  }

  return {
    membership(row, others = []) {
      const stream = conversationStream(row.conversationId);
      for (const user of new Set([...movedBy(row), ...others])) {
        send([userChannel(user)], encodeSignalFrame({ kind: 'membership', stream, user, version: row.members }));
      }
    },
    read({ conversation, members, own }, readThrough) {
      const stream = conversationStream(conversation.id);
      const frame = encodeSignalFrame({ kind: 'read', stream, user: own.userId, readThrough });
      send(conversation.large ? [streamChannel(stream)] : members.map(({ userId }) => userChannel(userId)), frame);
    },
    async drain() {
      await Promise.all(pending);
    },
  };
}
