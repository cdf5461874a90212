import { entityAddress } from '#shared/masstransit/addresses.ts';
import { errorHeaders, skippedHeaders } from '#shared/masstransit/fault-headers.ts';
import type { HostInfo } from '#shared/masstransit/host-info.ts';
import { errorQueueOf, skippedQueueOf } from '#shared/masstransit/topology.ts';
import type { Bus, BusMessage } from './bus.ts';
import type { EndpointJob } from './endpoint-job.ts';

/**
 * Parks messages beside their queue as MassTransit does: the bytes as they came, its headers added. Resolves when the
 * bus has taken it; only then may the original be acknowledged. Rejects as `Bus.publish`.
 */
export class MessageMover {
  readonly #bus: Bus;
  readonly #queue: string;
  readonly #host: HostInfo;

  constructor(bus: Bus, queue: string, host: HostInfo) {
    this.#bus = bus;
    this.#queue = queue;
    this.#host = host;
  }

  toSkipped(job: EndpointJob): Promise<void> {
    const { properties } = job.delivery;
    return this.#publish(job, skippedQueueOf(this.#queue), {
      ...properties,
      headers: skippedHeaders(properties.headers, this.#host),
    });
  }

  toError(job: EndpointJob, error: unknown, at: Date): Promise<void> {
    const { properties } = job.delivery;
    const consumer = job.read?.consumer;
    return this.#publish(job, errorQueueOf(this.#queue), {
      ...properties,
      expiration: undefined,
      headers: errorHeaders(properties.headers, this.#host, {
        error,
        at,
        inputAddress: entityAddress(this.#bus.address, this.#queue),
        consumer: consumer && { type: consumer.name ?? this.#queue, messageUrn: consumer.messageUrn },
        retryCount: job.retries,
      }),
    });
  }

  #publish(job: EndpointJob, exchange: string, properties: BusMessage['properties']): Promise<void> {
    const { body, routingKey } = job.delivery;
    // Not again after a lost connection: then the original comes again.
    return this.#bus.publish({ exchange, routingKey, body, properties, mandatory: true, retry: false });
  }
}
