import type { ChannelModel, ConfirmChannel, Options } from 'amqplib';
import { PlatformError } from '#shared/contract/errors.ts';
import { type Backoff, backoffMs } from '#shared/runtime/backoff.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { type AmqpConnection, reasonOf, sleep } from './amqp-connection.ts';
import { declareTopology, isRefusal } from './amqp-topology.ts';
import type { BusMessage } from './bus.ts';
import { Deque } from './deque.ts';

export type AmqpPublisherOptions = {
  readonly connection: AmqpConnection;
  readonly log: Logger;
  readonly backoff: Backoff;
  /** Messages and bytes that the broker has not confirmed; beyond either, publishers wait. */
  readonly windowMessages: number;
  readonly windowBytes: number;
  readonly timeoutMs: number;
};

type Entry = {
  readonly message: BusMessage;
  readonly resolve: () => void;
  readonly reject: (error: PlatformError) => void;
  readonly deadline: number;
  isSettled: boolean;
  isReturned: boolean;
};

/** Publishes with confirms, many at a time, over every loss of the connection. */
export class AmqpPublisher {
  readonly #options: AmqpPublisherOptions;
  readonly #closing = new AbortController();
  /** Every publish that nobody was answered, oldest first. */
  readonly #open = new Set<Entry>();
  readonly #waiting = new Deque<Entry>();
  readonly #inFlight = new Set<Entry>();
  /** To be sent again on the next channel, in order. */
  #again: Entry[] = [];
  /** Per exchange of this channel: what waits for its declaration. */
  readonly #exchanges = new Map<string, Entry[] | 'declared'>();
  #inFlightBytes = 0;
  #channel: ConfirmChannel | undefined;
  #isRetiring = false;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #onIdle: (() => void) | undefined;

  constructor(options: AmqpPublisherOptions) {
    this.#options = options;
    options.connection.onOpen((model) => void this.#openChannels(model));
  }

  publish(message: BusMessage): Promise<void> {
    if (this.#closing.signal.aborted) return Promise.reject(new PlatformError('unavailable', 'the bus is closed'));
    return new Promise((resolve, reject) => {
      const deadline = Date.now() + this.#options.timeoutMs;
      const entry = { message, resolve, reject, deadline, isSettled: false, isReturned: false };
      this.#open.add(entry);
      this.#waiting.push(entry);
      this.#timer ??= setTimeout(() => this.#expire(), this.#options.timeoutMs);
      this.#pump();
    });
  }

  /** Waits until every publish is answered; each is within its time. */
  async close(): Promise<void> {
    this.#closing.abort();
    if (this.#open.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onIdle = resolve;
      });
    }
    clearTimeout(this.#timer);
  }

  /** A channel after the other for as long as the connection lives. */
  async #openChannels(model: ChannelModel): Promise<void> {
    const { connection, log, backoff } = this.#options;
    while (connection.model === model) {
      try {
        const channel = await model.createConfirmChannel();
        const over = new Promise<void>((resolve) => channel.once('close', resolve));
        channel.on('error', (error) => log.warn({ err: error }, 'broker closed the publishing channel'));
        channel.on('return', ({ fields }) => this.#returned(fields.exchange));
        this.#channel = channel;
        this.#pump();
        await over;
      } catch (error) {
        log.warn({ err: error }, 'no publishing channel');
      }
      this.#channelOver();
      if (connection.model !== model) return;
      this.#failures += 1;
      await sleep(backoffMs(this.#failures, backoff));
    }
  }

  #channelOver(): void {
    this.#channel = undefined;
    this.#isRetiring = false;
    const undeclared = [...this.#exchanges.values()].flatMap((held) => (held === 'declared' ? [] : held));
    this.#exchanges.clear();
    this.#waiting.unshift([...this.#again, ...undeclared]);
    this.#again = [];
  }

  #pump(): void {
    const { windowMessages, windowBytes } = this.#options;
    while (
      this.#channel &&
      !this.#isRetiring &&
      this.#inFlight.size < windowMessages &&
      this.#inFlightBytes < windowBytes
    ) {
      const entry = this.#waiting.shift();
      if (!entry) return;
      if (entry.isSettled) continue;
      const { exchange } = entry.message;
      const declared = this.#exchanges.get(exchange);
      if (declared === 'declared') this.#send(this.#channel, entry);
      else if (declared) declared.push(entry);
      else {
        const held = [entry];
        this.#exchanges.set(exchange, held);
        void this.#declare(exchange, held);
      }
    }
  }

  async #declare(exchange: string, held: Entry[]): Promise<void> {
    const model = this.#options.connection.model;
    if (!model) return;
    try {
      await declareTopology(model, { exchanges: [exchange], queues: [], queueBindings: [], exchangeBindings: [] });
    } catch (error) {
      // Of another channel by now, or the connection is gone: both give back what was held.
      if (this.#exchanges.get(exchange) !== held || !isRefusal(error)) return;
      this.#exchanges.delete(exchange);
      for (const entry of held) this.#fail(entry, 'internal', `the broker refuses ${exchange}: ${reasonOf(error)}`);
      return;
    }
    if (this.#exchanges.get(exchange) !== held) return;
    this.#exchanges.set(exchange, 'declared');
    this.#waiting.unshift(held);
    this.#pump();
  }

  #send(channel: ConfirmChannel, entry: Entry): void {
    const { exchange, routingKey = '', body } = entry.message;
    try {
      channel.publish(exchange, routingKey, body, publishOptions(entry.message), (error: Error | null) =>
        this.#answered(entry, error),
      );
    } catch (error) {
      if (error instanceof Error && error.name === 'IllegalOperationError') {
        // The channel is closing; its end sends this again.
        this.#again.push(entry);
        this.#channel = undefined;
      } else {
        this.#fail(entry, 'internal', `the message cannot be encoded: ${reasonOf(error)}`);
      }
      return;
    }
    this.#inFlight.add(entry);
    this.#inFlightBytes += body.length;
  }

  #answered(entry: Entry, error: Error | null): void {
    this.#inFlight.delete(entry);
    this.#inFlightBytes -= entry.message.body.length;
    if (error === null) {
      this.#failures = 0;
      if (entry.isReturned) this.#fail(entry, 'unavailable', `no queue is bound to ${entry.message.exchange}`);
      else this.#settle(entry, entry.resolve);
    } else {
      if (error.message === 'message nacked' && !this.#isRetiring) {
        this.#isRetiring = true;
        this.#options.log.warn({ exchange: entry.message.exchange }, 'broker refuses messages');
      }
      if (entry.message.retry === false)
        this.#fail(entry, 'unavailable', `the broker did not confirm: ${error.message}`);
      else this.#again.push(entry);
    }
    // RabbitMQ may refuse everything on a channel whose first publish met a queue without leader: another one is needed.
    if (this.#isRetiring && this.#inFlight.size === 0) this.#channel?.close().catch(() => undefined);
    this.#pump();
  }

  /** A return does not say which publish it is for: all in flight to that exchange met the same lack of a queue. */
  #returned(exchange: string): void {
    for (const entry of this.#inFlight) if (entry.message.exchange === exchange) entry.isReturned = true;
  }

  #expire(): void {
    this.#timer = undefined;
    const now = Date.now();
    for (const entry of this.#open) {
      if (entry.deadline > now) {
        this.#timer = setTimeout(() => this.#expire(), entry.deadline - now);
        return;
      }
      const { detail } = this.#options.connection.state;
      this.#fail(entry, 'unavailable', `not confirmed within ${this.#options.timeoutMs} ms: ${detail}`);
    }
  }

  #fail(entry: Entry, code: 'internal' | 'unavailable', text: string): void {
    this.#settle(entry, () => entry.reject(new PlatformError(code, text)));
  }

  #settle(entry: Entry, answer: () => void): void {
    if (entry.isSettled) return;
    entry.isSettled = true;
    this.#open.delete(entry);
    answer();
    if (this.#open.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      this.#onIdle?.();
    }
  }
}

// Named one by one: of a message that is passed on, the broker would refuse its publisher's user id.
function publishOptions({ properties, mandatory = false }: BusMessage): Options.Publish {
  const named = {
    mandatory,
    contentType: properties.contentType,
    contentEncoding: properties.contentEncoding,
    deliveryMode: properties.deliveryMode,
    priority: properties.priority,
    correlationId: properties.correlationId,
    replyTo: properties.replyTo,
    expiration: properties.expiration,
    messageId: properties.messageId,
    timestamp: properties.timestamp,
    type: properties.type,
    appId: properties.appId,
    headers: properties.headers,
  };
  // amqplib takes undefined for absent, its types do not.
  return named as Options.Publish;
}
