import { createHash } from 'node:crypto';
import { exchanges, messageUrns } from '#shared/contract/names.ts';
import { InvalidEventError, parseUserInteractionEvent } from '#shared/contract/user-interaction-event.ts';
import { decide } from '../domain/decide.ts';
import type { NotificationContent } from '../domain/notification-row.ts';
import type { NotificationMetrics } from '../notification-metrics.ts';
import type { RowPusher } from '../push-rows.ts';
import type { NotificationStore } from '../store/notification-store.ts';

/** What of a received message this consumer reads. */
export type InteractionMessage = { readonly messageId: string; readonly payload: object };

/** One of a receive endpoint's consumers. */
export type UserInteractionConsumer = {
  readonly exchange: string;
  readonly messageUrn: string;
  /**
   * Resolves once the notification is stored; returns undefined at once when there is nothing to tell anybody.
   *
   * @throws InvalidEventError for a payload that cannot be read
   * @throws PlatformError `unavailable` during an outage of the store
   */
  handle(message: InteractionMessage): Promise<void> | undefined;
};

export type UserInteractionOptions = {
  readonly store: NotificationStore;
  readonly pusher: RowPusher;
  readonly metrics: NotificationMetrics;
};

/** Stores first, pushes after; a duplicate is pushed again, since its first push may have been lost. */
export function createUserInteractionConsumer({
  store,
  pusher,
  metrics,
}: UserInteractionOptions): UserInteractionConsumer {
  async function notify(messageId: string, content: NotificationContent): Promise<void> {
    try {
      const epoch = await store.epoch();
      const { row, created } = await metrics.timed('append', () =>
        store.append({ ...content, messageId: dedupeKey(messageId) }),
      );
      metrics.event(created ? 'stored' : 'duplicate');
      pusher.push(content.recipientId, row, epoch);
    } catch (error) {
      metrics.event('failed');
      throw error;
    }
  }

  return {
    exchange: exchanges.userInteraction,
    messageUrn: messageUrns.userInteraction,
    handle(message) {
      const decision = decideOn(message.payload, metrics);
      // The id is read from the envelope when it is asked for: most events are dropped without.
      if ('notify' in decision) return notify(message.messageId, decision.notify);
      metrics.event(decision.drop);
      return undefined;
    },
  };
}

function decideOn(payload: object, metrics: NotificationMetrics): ReturnType<typeof decide> {
  try {
    const event = parseUserInteractionEvent(payload);
    return event ? decide(event) : { drop: 'no_recipient' };
  } catch (error) {
    if (error instanceof InvalidEventError) metrics.event('invalid');
    throw error;
  }
}

const longestKey = 128;

/** A publisher may send any text as the id; an index key must stay short. */
function dedupeKey(messageId: string): string {
  if (messageId.length <= longestKey) return messageId;
  return `sha256:${createHash('sha256').update(messageId).digest('hex')}`;
}
