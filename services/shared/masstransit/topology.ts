/** Exchanges are fanout and durable, queues durable, routing keys empty: MassTransit's publish and receive topology. */
export type Topology = {
  readonly queues: readonly { readonly name: string; readonly arguments: QueueArguments }[];
  readonly exchanges: readonly string[];
  readonly queueBindings: readonly { readonly exchange: string; readonly queue: string }[];
  readonly exchangeBindings: readonly { readonly source: string; readonly destination: string }[];
};

export type QueueArguments = { readonly [name: string]: string | number };

export type ReceiveTopologyOptions = {
  readonly queue: string;
  /** Message exchanges, `Namespace:Type`. */
  readonly exchanges: readonly string[];
  /** Deliveries of one message that may end with the death of its consumer. @default 100 */
  readonly deliveryLimit?: number | undefined;
  /** Without a consumer for so long the queue is deleted, with what it holds but not what is parked. @default never */
  readonly expiresMs?: number | undefined;
};

export const defaultDeliveryLimit = 100;

export function errorQueueOf(queue: string): string {
  return `${queue}_error`;
}

export function skippedQueueOf(queue: string): string {
  return `${queue}_skipped`;
}

/** A receive endpoint with its `_error` and `_skipped`, each an exchange and a quorum queue of one name. */
export function receiveTopology({ queue, exchanges, deliveryLimit, expiresMs }: ReceiveTopologyOptions): Topology {
  for (const name of [queue, ...exchanges]) assertEntityName(name);
  const expiry = expiresMs === undefined ? {} : { 'x-expires': expiresMs };
  const endpoints = [queue, errorQueueOf(queue), skippedQueueOf(queue)];
  return {
    queues: endpoints.map((name) => ({
      name,
      arguments:
        name === queue
          ? { ...endpointArguments(queue, deliveryLimit ?? defaultDeliveryLimit), ...expiry }
          : parkingArguments,
    })),
    exchanges: [...exchanges, ...endpoints],
    queueBindings: endpoints.map((name) => ({ exchange: name, queue: name })),
    exchangeBindings: exchanges.map((exchange) => ({ source: exchange, destination: queue })),
  };
}

/**
 * A message that takes its consumer down again and again is parked, not lost: at-least-once dead-lettering, which
 * RabbitMQ does for queues that reject what overflows them.
 */
function endpointArguments(queue: string, deliveryLimit: number): QueueArguments {
  return {
    'x-queue-type': 'quorum',
    'x-delivery-limit': deliveryLimit,
    'x-dead-letter-exchange': errorQueueOf(queue),
    'x-dead-letter-strategy': 'at-least-once',
    'x-overflow': 'reject-publish',
  };
}

// Not the source queue's, as MassTransit would: a queue that dead-letters to itself loses the message, and so does
// RabbitMQ 4's default limit of 20 when someone looks through the queue that often.
const parkingArguments: QueueArguments = { 'x-queue-type': 'quorum', 'x-delivery-limit': 2_147_483_647 };

function assertEntityName(name: string): void {
  if (!/^[\w\p{L}\-.:]{1,255}$/u.test(name)) {
    throw new TypeError(`queue and exchange names are letters, digits and any of "_-.:", got ${JSON.stringify(name)}`);
  }
}
