import type { Channel, ConsumeMessage, Message } from 'amqplib';
import type { TransportProperties } from '#shared/masstransit/transport-properties.ts';
import { AckWindow } from './ack-window.ts';
import type { Delivery } from './bus.ts';

/** Acknowledgements are worth a frame from here on; else they go at the end of the tick. */
const runLength = 50;
const stragglersAfterMs = 1_000;

/** One life of a consumer: a channel, its deliveries and their acknowledgements. */
export class AmqpSession {
  readonly channel: Channel;
  readonly #window = new AckWindow();
  readonly #maxStragglers: number;
  #isOver = false;
  #isFlushDue = false;
  #stragglerTimer: NodeJS.Timeout | undefined;

  constructor(channel: Channel, prefetch: number) {
    this.channel = channel;
    this.#maxStragglers = Math.max(1, prefetch >> 1);
    channel.once('close', () => this.#end());
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  ack(tag: number): void {
    if (this.#isOver) return;
    const window = this.#window;
    window.settle(tag);
    const { stragglers } = window;
    if (window.pending - stragglers >= runLength) this.#flushRun();
    if (stragglers >= this.#maxStragglers) this.#flushStragglers();
    if (this.#isFlushDue) return;
    this.#isFlushDue = true;
    setImmediate(() => this.#flushTick());
  }

  requeue(tag: number): void {
    if (this.#isOver) return;
    this.#window.skip(tag);
    this.#tell(() => this.channel.nack(tagged(tag), false, true));
  }

  flush(): void {
    this.#flushRun();
    this.#flushStragglers();
  }

  #flushTick(): void {
    this.#isFlushDue = false;
    if (this.#isOver) return;
    this.#flushRun();
    if (this.#window.stragglers > 0) {
      this.#stragglerTimer ??= setTimeout(() => {
        this.#stragglerTimer = undefined;
        this.#flushStragglers();
      }, stragglersAfterMs);
    }
  }

  #flushRun(): void {
    const upTo = this.#window.takeRun();
    if (upTo !== undefined) this.#tell(() => this.channel.ack(tagged(upTo), true));
  }

  #flushStragglers(): void {
    for (const tag of this.#window.takeStragglers()) this.#tell(() => this.channel.ack(tagged(tag), false));
  }

  /** A channel that is closing takes nothing more; its messages come again. */
  #tell(send: () => void): void {
    if (this.#isOver) return;
    try {
      send();
    } catch {
      this.#end();
    }
  }

  #end(): void {
    this.#isOver = true;
    clearTimeout(this.#stragglerTimer);
  }
}

export class AmqpDelivery implements Delivery {
  readonly #message: ConsumeMessage;
  readonly #session: AmqpSession;
  #isSettled = false;

  constructor(message: ConsumeMessage, session: AmqpSession) {
    this.#message = message;
    this.#session = session;
  }

  get body(): Buffer {
    return this.#message.content;
  }

  get properties(): TransportProperties {
    return this.#message.properties;
  }

  get routingKey(): string {
    return this.#message.fields.routingKey;
  }

  get redelivered(): boolean {
    return this.#message.fields.redelivered;
  }

  get isLost(): boolean {
    return this.#session.isOver;
  }

  ack(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#session.ack(this.#message.fields.deliveryTag);
  }

  requeue(): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#session.requeue(this.#message.fields.deliveryTag);
  }
}

/** amqplib looks at the tag only, and a run has no one message to show. */
function tagged(deliveryTag: number): Message {
  return { fields: { deliveryTag } } as unknown as Message;
}
