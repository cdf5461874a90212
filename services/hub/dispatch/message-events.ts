import type { Backplane } from '#shared/backplane/backplane.ts';
import type { MessageConsumer } from '#shared/bus/receive-endpoint.ts';
import { parseCursor } from '#shared/contract/cursor.ts';
import { conversationStream } from '#shared/contract/ids.ts';
import { exchanges, messageUrns, streamChannel, userChannel } from '#shared/contract/names.ts';
import { type ConversationNews, encodePushFrame } from '#shared/contract/push-frame.ts';
import { InvalidEventError } from '#shared/contract/user-interaction-event.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { Metrics } from '#shared/runtime/metrics.ts';
import { type DispatchedEvent, parseMessageEvent } from './parse-message-event.ts';

export type MessageEventsOptions = {
  readonly backplane: Backplane;
  readonly log: Logger;
  readonly metrics: Metrics;
};

/**
 * Decision 10: whichever worker takes an event hands its row to the backplane, for all workers. Acknowledged whatever the
 * backplane says: frames are hints, and what is lost is found by comparing heads.
 */
export function messageEventConsumers({ backplane, log, metrics }: MessageEventsOptions): readonly MessageConsumer[] {
  const events = metrics.counter('hub_events_total', 'Events of messages by what became of them', ['outcome']);

  async function publish(event: DispatchedEvent): Promise<void> {
    const channels = channelsOf(event);
    try {
      await backplane.publishMany(channels, frameOf(event));
      events.inc({ outcome: 'published' });
    } catch (err) {
      events.inc({ outcome: 'not_published' });
      log.debug({ err }, 'event not published');
    }
  }

  const handle = (payload: object): void | Promise<void> => {
    const event = parse(payload);
    if (backplane.state === 'up') return publish(event);
    // Not even tried: a server that hangs would hold back the queue of all workers.
    events.inc({ outcome: 'not_published' });
  };

  function parse(payload: object): DispatchedEvent {
    try {
      return parseMessageEvent(payload);
    } catch (error) {
      if (error instanceof InvalidEventError) events.inc({ outcome: 'invalid' });
      throw error;
    }
  }

  return (['messageSent', 'messageChanged'] as const).map((name) => ({
    exchange: exchanges[name],
    messageUrn: messageUrns[name],
    name: 'hub',
    handle: ({ payload }) => handle(payload),
  }));
}

function channelsOf({ conversationId, recipientIds }: DispatchedEvent): readonly string[] {
  return recipientIds?.map(userChannel) ?? [streamChannel(conversationStream(conversationId))];
}

function frameOf(event: DispatchedEvent): Uint8Array {
  const { conversationId, epoch, seq, number, membersVersion, message } = event;
  return encodePushFrame({
    kind: event.isDeleted ? 'messageDeleted' : 'message',
    stream: conversationStream(conversationId),
    epoch,
    seq,
    number,
    members: membersVersion,
    body: Buffer.from(JSON.stringify(message)),
    news: newsOf(event),
  });
}

/** None of another life than the row's: nobody could tell when to show them. */
function newsOf({ conversation, epoch }: DispatchedEvent): ConversationNews | undefined {
  const cursor = conversation && parseCursor(conversation.cursor);
  if (!cursor || cursor.epoch !== epoch) return undefined;
  return { seq: cursor.seq, body: Buffer.from(JSON.stringify(conversation)) };
}
