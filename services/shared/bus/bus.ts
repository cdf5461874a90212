import type { Topology } from '#shared/masstransit/topology.ts';
import type { TransportProperties } from '#shared/masstransit/transport-properties.ts';

/**
 * Port: durable messages between services, over MassTransit's topology: durable fanout exchanges that lead to durable
 * queues. At least once: whatever a publisher was told is taken reaches a consumer that acknowledges it, perhaps more
 * than once. Messages of one publisher on one queue arrive in order, but for those that come again.
 */
export interface Bus {
  readonly features: BusFeatures;
  /** Base of addresses in envelopes: `rabbitmq://host`, without credentials. */
  readonly address: string;
  readonly state: BusState;
  /**
   * Declares the exchange, then hands the message to every queue bound to it; none bound is no error unless
   * `mandatory`. Resolves when the bus has taken responsibility. Waits while the bus is down or its window is full.
   *
   * @throws PlatformError `unavailable` when that took too long: then the message may have been taken all the same;
   * `internal` when the bus refuses it for good
   */
  publish(message: BusMessage): Promise<void>;
  /** Makes what is missing and changes nothing. @throws PlatformError `unavailable` when the bus is down, `internal` when it refuses */
  declare(topology: Topology, options?: DeclareOptions): Promise<void>;
  /** Returns at once and consumes until `close`, over every loss of the bus; the topology is declared each time. */
  consume(options: ConsumeOptions): BusConsumer;
  /** Waits for publishes that are under way, then ends consumers as their `close` does. Later publishes reject. */
  close(): Promise<void>;
}

export type DeclareOptions = {
  /** Without it, what this user may not make is taken to be there. @default false */
  readonly mustMake?: boolean;
};

export type BusFeatures = {
  /** Whether messages outlive the process of the bus. */
  readonly persistent: boolean;
};

export type BusState = { readonly connected: boolean; readonly detail: string };

export type BusMessage = {
  readonly exchange: string;
  /** Fanouts ignore it. @default '' */
  readonly routingKey?: string;
  readonly body: Buffer;
  readonly properties: TransportProperties;
  /** Rejects with `unavailable` when no queue is bound. @default false */
  readonly mandatory?: boolean;
  /** Tried again when the connection is lost before the bus answers, which may duplicate it; else it rejects. @default true */
  readonly retry?: boolean;
};

export type ConsumeOptions = {
  readonly queue: string;
  /** Declared before consuming. Without it the queue must exist. */
  readonly topology?: Topology;
  /** Deliveries in hand, unsettled, at a time. @default 200 */
  readonly prefetch?: number;
  /** Called in order of delivery, never concurrently with itself. Must not throw. */
  readonly onDelivery: (delivery: Delivery) => void;
};

/** A message in hand. Settling it twice does nothing. */
export interface Delivery {
  readonly body: Buffer;
  readonly properties: TransportProperties;
  readonly routingKey: string;
  /** It may have been handled before. */
  readonly redelivered: boolean;
  /** Its consumer lost the bus or was closed: settling does nothing and the message comes again. */
  readonly isLost: boolean;
  /** The message is done. May reach the bus a moment later, together with others. */
  ack(): void;
  /** Gives it back, to be delivered again to any consumer. */
  requeue(): void;
}

export interface BusConsumer {
  readonly state: ConsumerState;
  /** Resolves when no further delivery will come; those in hand can still be settled. */
  cancel(): Promise<void>;
  /** Cancels, passes on what is settled and gives back what is not. */
  close(): Promise<void>;
}

/** `refused`: the bus answers but will not have it so; `detail` says why. It is tried again all the same, slowly. */
export type ConsumerState = {
  readonly status: 'starting' | 'consuming' | 'refused' | 'closed';
  readonly detail: string;
};

export const defaultPrefetch = 200;
