import { PlatformError } from '#shared/contract/errors.ts';
import { hostAddress } from '#shared/masstransit/addresses.ts';
import type { Topology } from '#shared/masstransit/topology.ts';
import type { Backoff } from '#shared/runtime/backoff.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { AmqpConnection, reasonOf } from './amqp-connection.ts';
import { AmqpConsumer } from './amqp-consumer.ts';
import { AmqpPublisher } from './amqp-publisher.ts';
import { declareTopology, isRefusal } from './amqp-topology.ts';
import type { Bus, BusConsumer, BusMessage, BusState, ConsumeOptions, DeclareOptions } from './bus.ts';

export type AmqpBusOptions = {
  /** `amqp://user:password@host:port/vhost` or `amqps://…`; `?heartbeat=` in seconds, 10 by default. */
  readonly url: string;
  readonly log: Logger;
  /** Shown in the broker's list of connections. @default 'sonixy-realtime' */
  readonly name?: string;
  /** Unconfirmed messages in flight. @default 500 */
  readonly windowMessages?: number;
  /** @default 16 MiB */
  readonly windowBytes?: number;
  /** How long a publish may take, outages included. @default 30,000 */
  readonly publishTimeoutMs?: number;
  /** Between attempts to connect. @default 200 ms to 10 s */
  readonly backoff?: Backoff;
};

/** RabbitMQ. Returns at once and connects in the background; `state` tells. A publish that loses its connection is sent again. */
export function connectAmqpBus(options: AmqpBusOptions): Bus {
  return new AmqpBus(options);
}

class AmqpBus implements Bus {
  readonly features = { persistent: true };
  readonly address: string;
  readonly #options: AmqpBusOptions;
  readonly #backoff: Backoff;
  /** A connection of its own: a broker short of memory stops reading from those that publish, and acknowledgements must pass. */
  readonly #publishing: AmqpConnection;
  #consuming: AmqpConnection | undefined;
  readonly #publisher: AmqpPublisher;
  readonly #consumers = new Set<AmqpConsumer>();
  #closed: Promise<void> | undefined;

  constructor(options: AmqpBusOptions) {
    this.#options = options;
    this.#backoff = options.backoff ?? { baseMs: 200, capMs: 10_000 };
    this.address = hostAddress(options.url);
    this.#publishing = this.#connect('publish');
    this.#publisher = new AmqpPublisher({
      connection: this.#publishing,
      log: options.log,
      backoff: this.#backoff,
      windowMessages: options.windowMessages ?? 500,
      windowBytes: options.windowBytes ?? 16 * 1_048_576,
      timeoutMs: options.publishTimeoutMs ?? 30_000,
    });
  }

  get state(): BusState {
    const publishing = this.#publishing.state;
    return publishing.connected && this.#consuming ? this.#consuming.state : publishing;
  }

  publish(message: BusMessage): Promise<void> {
    return this.#publisher.publish(message);
  }

  async declare(topology: Topology, options?: DeclareOptions): Promise<void> {
    const { model, state } = this.#publishing;
    if (!model) throw new PlatformError('unavailable', state.detail);
    try {
      await declareTopology(model, topology, options);
    } catch (error) {
      throw new PlatformError(isRefusal(error) ? 'internal' : 'unavailable', `cannot declare: ${reasonOf(error)}`);
    }
  }

  consume(options: ConsumeOptions): BusConsumer {
    if (this.#closed) throw new PlatformError('unavailable', 'the bus is closed');
    this.#consuming ??= this.#connect('consume');
    const consumer = new AmqpConsumer(this.#consuming, options, this.#options.log, this.#backoff);
    this.#consumers.add(consumer);
    return consumer;
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    await Promise.all([this.#publisher.close(), ...[...this.#consumers].map((consumer) => consumer.close())]);
    await Promise.all([this.#publishing.close(), this.#consuming?.close()]);
  }

  #connect(purpose: 'publish' | 'consume'): AmqpConnection {
    const { url, log, name = 'sonixy-realtime' } = this.#options;
    return new AmqpConnection({ url, log, name: `${name} ${purpose}`, backoff: this.#backoff });
  }
}
