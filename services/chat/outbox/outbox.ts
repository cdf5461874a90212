import type { EventPublisher } from '#shared/bus/event-publisher.ts';
import type { ConversationId } from '#shared/contract/ids.ts';
import { exchanges, messageUrns } from '#shared/contract/names.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { OutboxRelay } from '#shared/stream/outbox-relay.ts';
import type { ChatMetrics } from '../chat-metrics.ts';
import type { Conversation, ConversationView } from '../domain/conversation.ts';
import { type Audience, type OutgoingRow, toMessageEvent } from '../domain/message-event.ts';
import type { ChatRow } from '../domain/message-row.ts';
import type { ChatStore } from '../store/chat-store.ts';
import { eventIdOf } from './event-id.ts';
import { audienceOfLeftover, audienceOfWritten } from './read-audience.ts';

/** Brings every row that took a seq to the bus: at least once, those of one conversation in the order in which they came here. */
export interface Outbox {
  /**
   * After the store's answer. Never throws and makes nobody wait: what fails or does not fit is the sweep's.
   *
   * @param epoch read before the row was written: one that is read after may have begun since, by a restore
   * @param view what the writer saw before
   */
  written(written: WrittenRow, epoch: string, view?: ConversationView): void;
  /** Takes what others left behind; resolves to how many rows reached the bus. */
  sweep(): Promise<number>;
  /** Finishes what is on its way. */
  stop(): Promise<void>;
}

export type WrittenRow = {
  readonly row: ChatRow;
  /** As it is after the row. */
  readonly conversation: Conversation;
  /** No event has told of the row yet. @default true */
  readonly unsent?: boolean;
};

export type OutboxOptions = {
  readonly store: ChatStore;
  readonly publisher: EventPublisher;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: ChatMetrics;
  /** Of each row that a sweep takes: whoever left it may have left more undone. */
  readonly onLeftover: (row: ChatRow) => void;
  readonly graceMs: number;
  readonly leaseMs: number;
  readonly sweepRows: number;
  readonly maxInFlight: number;
};

type Outgoing = {
  readonly row: OutgoingRow;
  readonly epoch: string;
  readonly audience: () => Promise<Audience | undefined>;
};

export function createOutbox(options: OutboxOptions): Outbox {
  const { store, publisher, clock, log, metrics, graceMs, leaseMs, sweepRows: limit, maxInFlight } = options;
  const turns = new Map<ConversationId, Promise<unknown>>();
  let failing = false;

  /** Resolves once the event is handed to the bus, which keeps the order; its confirm is waited for apart. */
  async function handOver({ row, epoch, audience }: Outgoing): Promise<{ readonly confirmed: Promise<void> }> {
    const event = toMessageEvent(row, epoch, await audience());
    const name = row.unsent ? 'messageSent' : 'messageChanged';
    const confirmed = publisher.publish({
      exchange: exchanges[name],
      messageUrn: messageUrns[name],
      payload: event,
      messageId: eventIdOf(row, epoch),
    });
    return { confirmed };
  }

  async function publish(outgoing: Outgoing): Promise<void> {
    const id = outgoing.row.conversationId;
    const handedOver = Promise.all([turns.get(id), afterAnswers()]).then(() => handOver(outgoing));
    const turn = handedOver.catch(() => undefined);
    turns.set(id, turn);
    try {
      await (await handedOver).confirmed;
      succeeded();
    } finally {
      if (turns.get(id) === turn) turns.delete(id);
    }
  }

  function succeeded(): void {
    metrics.event('published');
    if (failing) log.info('events reach the bus again');
    failing = false;
  }

  /** An outage is told once: it fails events by the thousand. */
  function failed(err: unknown): void {
    metrics.event('failed');
    if (!failing) log.warn({ err }, 'events stay in the outbox for now');
    failing = true;
  }

  const relay = new OutboxRelay<Outgoing>({
    store: {
      async leasePending(request) {
        const epoch = await store.epoch();
        const rows = await store.leasePending(request);
        for (const row of rows) options.onLeftover(row);
        return rows
          .toSorted((a, b) => a.seq - b.seq)
          .map((row) => ({ row, epoch, audience: () => audienceOfLeftover(store, row) }));
      },
      published: ({ row }) => store.published(row),
    },
    publish,
    clock,
    onFailure: failed,
    graceMs,
    leaseMs,
    limit,
    maxInFlight,
  });

  return {
    written({ row, conversation, unsent = true }, epoch, view) {
      const audience = () => audienceOfWritten(store, row, conversation, view);
      relay.written({ row: { ...row, unsent }, epoch, audience });
    },
    sweep: () => relay.sweep(),
    stop: () => relay.stop(),
  };
}

/** What is answered in this turn of the event loop does not wait for events to be written. */
function afterAnswers(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
