import { PlatformError } from '#shared/contract/errors.ts';
import type { QueueArguments, Topology } from '#shared/masstransit/topology.ts';
import {
  type Bus,
  type BusConsumer,
  type BusMessage,
  type ConsumeOptions,
  type ConsumerState,
  defaultPrefetch,
} from './bus.ts';
import { MemoryQueue, type StoredMessage } from './memory-queue.ts';

export interface MemoryBus extends Bus {
  /** What lies in a queue, in no consumer's hand. */
  messages(queue: string): readonly StoredMessage[];
}

/** Messages in one queue; beyond, publishes reject. */
const maxQueueLength = 100_000;

/** The bus inside one process. A queue that is consumed without having been declared is made; times to live are ignored. */
export function createMemoryBus(): MemoryBus {
  const queues = new Map<string, MemoryQueue>();
  const bindings = new Map<string, { queues: Set<string>; exchanges: Set<string> }>();
  const consumers = new Set<BusConsumer>();
  let isClosed = false;

  function makeExchange(name: string) {
    const made = bindings.get(name) ?? { queues: new Set(), exchanges: new Set() };
    bindings.set(name, made);
    return made;
  }

  function makeQueue(name: string, queueArguments: QueueArguments): MemoryQueue {
    const made = queues.get(name) ?? new MemoryQueue(queueArguments, deadLetter);
    queues.set(name, made);
    return made;
  }

  function declare(topology: Topology): void {
    for (const queue of topology.queues) makeQueue(queue.name, queue.arguments);
    for (const exchange of topology.exchanges) makeExchange(exchange);
    for (const { exchange, queue } of topology.queueBindings) makeExchange(exchange).queues.add(queue);
    for (const { source, destination } of topology.exchangeBindings) makeExchange(source).exchanges.add(destination);
  }

  /** A queue gets a message once, however many ways lead to it. */
  function route(exchange: string): Set<MemoryQueue> {
    const reached = new Set<MemoryQueue>();
    const seen = new Set([exchange]);
    for (const name of seen) {
      for (const next of makeExchange(name).exchanges) seen.add(next);
      for (const queueName of makeExchange(name).queues) {
        const queue = queues.get(queueName);
        if (queue) reached.add(queue);
      }
    }
    return reached;
  }

  function deadLetter(exchange: string, message: StoredMessage): void {
    for (const queue of route(exchange)) queue.push(message);
  }

  async function publish({ exchange, routingKey = '', body, properties, mandatory }: BusMessage): Promise<void> {
    if (isClosed) throw new PlatformError('unavailable', 'the bus is closed');
    const reached = route(exchange);
    if (mandatory && reached.size === 0) throw new PlatformError('unavailable', `no queue is bound to ${exchange}`);
    if ([...reached].some((queue) => queue.length >= maxQueueLength)) {
      throw new PlatformError('unavailable', `a queue behind ${exchange} holds ${maxQueueLength} messages`);
    }
    // As over a network: the publisher may change its buffer afterwards.
    for (const queue of reached) queue.push({ body: Buffer.from(body), properties, routingKey });
  }

  function consume({ queue, topology, prefetch = defaultPrefetch, onDelivery }: ConsumeOptions): BusConsumer {
    if (isClosed) throw new PlatformError('unavailable', 'the bus is closed');
    if (topology) declare(topology);
    const subscription = makeQueue(queue, {}).subscribe(prefetch, onDelivery);
    const consumer: BusConsumer = {
      get state(): ConsumerState {
        return subscription.isCancelled
          ? { status: 'closed', detail: 'closed' }
          : { status: 'consuming', detail: `consuming ${queue}` };
      },
      cancel: async () => subscription.cancel(),
      close: async () => {
        subscription.close();
        consumers.delete(consumer);
      },
    };
    consumers.add(consumer);
    return consumer;
  }

  return {
    features: { persistent: false },
    address: 'loopback://localhost',
    get state() {
      return isClosed ? { connected: false, detail: 'closed' } : { connected: true, detail: 'in memory' };
    },
    publish,
    declare: async (topology) => declare(topology),
    consume,
    messages: (queue) => queues.get(queue)?.messages() ?? [],
    async close() {
      isClosed = true;
      await Promise.all([...consumers].map((consumer) => consumer.close()));
    },
  };
}
