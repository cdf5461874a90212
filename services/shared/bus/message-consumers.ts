import type { ReceivedMessage } from '#shared/masstransit/received-message.ts';

/** One type of message and what is done with it. */
export type MessageConsumer = {
  /** `Namespace:Type` */
  readonly exchange: string;
  /** `urn:message:Namespace:Type`, compared in any letter case. */
  readonly messageUrn: string;
  /** Shown in faults. @default the queue's name */
  readonly name?: string;
  /**
   * Starts in order of delivery. Undefined means done, and costs no promise. What it throws or rejects with decides:
   * `PlatformError` `unavailable` pauses the endpoint until it works; `InvalidEventError` and `InvalidMessageError` go
   * to the error queue at once; anything else is tried again a few times first.
   */
  handle(message: ReceivedMessage): void | Promise<void>;
};

/** Finds the consumer of a message: the first of its types that has one. */
export class MessageConsumers {
  readonly #byUrn = new Map<string, MessageConsumer>();
  readonly #any: MessageConsumer | undefined;

  constructor(consumers: readonly MessageConsumer[]) {
    for (const consumer of consumers) {
      this.#byUrn.set(consumer.messageUrn, consumer);
      this.#byUrn.set(consumer.messageUrn.toLowerCase(), consumer);
    }
    const [first] = consumers;
    this.#any =
      first && consumers.length > 1 ? { ...first, handle: (message) => handleByAll(consumers, message) } : first;
  }

  find(message: ReceivedMessage): MessageConsumer | undefined {
    if (message.types === undefined) return this.#any;
    for (const type of message.types) {
      if (typeof type !== 'string') continue;
      const consumer = this.#byUrn.get(type) ?? this.#byUrn.get(type.toLowerCase());
      if (consumer) return consumer;
    }
    return undefined;
  }
}

/** A bare message that names no type is for every consumer of the endpoint. */
async function handleByAll(consumers: readonly MessageConsumer[], message: ReceivedMessage): Promise<void> {
  for (const consumer of consumers) await consumer.handle(message);
}
