import type { QueueArguments } from '#shared/masstransit/topology.ts';
import type { TransportProperties } from '#shared/masstransit/transport-properties.ts';
import type { Delivery } from './bus.ts';
import { Deque } from './deque.ts';

export type StoredMessage = {
  readonly body: Buffer;
  readonly properties: TransportProperties;
  readonly routingKey: string;
};

type Ready = { readonly message: StoredMessage; readonly returns: number };

/** One queue in memory: competing consumers in turn, each up to its prefetch; what comes back goes to the front. */
export class MemoryQueue {
  readonly #limit: number;
  readonly #deadLetter: (message: StoredMessage) => void;
  readonly #ready = new Deque<Ready>();
  readonly #consumers: MemorySubscription[] = [];
  #isDue = false;

  constructor(queueArguments: QueueArguments, deadLetter: (exchange: string, message: StoredMessage) => void) {
    this.#limit = Number(queueArguments['x-delivery-limit'] ?? Number.POSITIVE_INFINITY);
    const exchange = queueArguments['x-dead-letter-exchange'];
    this.#deadLetter = (message) => {
      if (exchange !== undefined) deadLetter(String(exchange), message);
    };
  }

  get length(): number {
    return this.#ready.length;
  }

  messages(): readonly StoredMessage[] {
    return this.#ready.values().map(({ message }) => message);
  }

  push(message: StoredMessage): void {
    this.#ready.push({ message, returns: 0 });
    this.schedule();
  }

  subscribe(prefetch: number, onDelivery: (delivery: Delivery) => void): MemorySubscription {
    const subscription = new MemorySubscription(this, prefetch, onDelivery);
    this.#consumers.push(subscription);
    this.schedule();
    return subscription;
  }

  unsubscribe(subscription: MemorySubscription): void {
    const index = this.#consumers.indexOf(subscription);
    if (index >= 0) this.#consumers.splice(index, 1);
  }

  giveBack(returned: readonly Ready[]): void {
    const again: Ready[] = [];
    for (const { message, returns } of returned) {
      if (returns + 1 > this.#limit) this.#deadLetter(message);
      else again.push({ message, returns: returns + 1 });
    }
    this.#ready.unshift(again);
    this.schedule();
  }

  /** Deliveries start in a turn of their own, never inside a publish or an acknowledgement. */
  schedule(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      this.#isDue = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    for (;;) {
      const next = this.#ready.peek();
      const index = this.#consumers.findIndex((consumer) => consumer.hasRoom);
      const consumer = this.#consumers[index];
      if (!next || !consumer) return;
      this.#ready.shift();
      this.#consumers.push(...this.#consumers.splice(index, 1));
      consumer.deliver(next);
    }
  }
}

export class MemorySubscription {
  readonly #queue: MemoryQueue;
  readonly #prefetch: number;
  readonly #onDelivery: (delivery: Delivery) => void;
  readonly #inHand = new Map<MemoryDelivery, Ready>();
  #isCancelled = false;
  #isClosed = false;

  constructor(queue: MemoryQueue, prefetch: number, onDelivery: (delivery: Delivery) => void) {
    this.#queue = queue;
    this.#prefetch = prefetch;
    this.#onDelivery = onDelivery;
  }

  get hasRoom(): boolean {
    return !this.#isCancelled && this.#inHand.size < this.#prefetch;
  }

  get isCancelled(): boolean {
    return this.#isCancelled;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  deliver(ready: Ready): void {
    const delivery = new MemoryDelivery(ready.message, ready.returns > 0, this);
    this.#inHand.set(delivery, ready);
    this.#onDelivery(delivery);
  }

  settle(delivery: MemoryDelivery, isRequeued: boolean): void {
    const ready = this.#inHand.get(delivery);
    if (!ready) return;
    this.#inHand.delete(delivery);
    if (isRequeued) this.#queue.giveBack([ready]);
    else this.#queue.schedule();
  }

  cancel(): void {
    this.#isCancelled = true;
    this.#queue.unsubscribe(this);
  }

  close(): void {
    this.cancel();
    this.#isClosed = true;
    const returned = [...this.#inHand.values()];
    this.#inHand.clear();
    this.#queue.giveBack(returned);
  }
}

class MemoryDelivery implements Delivery {
  readonly body: Buffer;
  readonly properties: TransportProperties;
  readonly routingKey: string;
  readonly redelivered: boolean;
  readonly #subscription: MemorySubscription;

  constructor(message: StoredMessage, redelivered: boolean, subscription: MemorySubscription) {
    this.body = message.body;
    this.properties = message.properties;
    this.routingKey = message.routingKey;
    this.redelivered = redelivered;
    this.#subscription = subscription;
  }

  get isLost(): boolean {
    return this.#subscription.isClosed;
  }

  ack(): void {
    this.#subscription.settle(this, false);
  }

  requeue(): void {
    this.#subscription.settle(this, true);
  }
}
