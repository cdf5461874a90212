import { entityAddress } from '#shared/masstransit/addresses.ts';
import { followOn } from '#shared/masstransit/follow-on.ts';
import type { HostInfo } from '#shared/masstransit/host-info.ts';
import { writeMessage } from '#shared/masstransit/outgoing-message.ts';
import type { ReceivedMessage } from '#shared/masstransit/received-message.ts';
import type { TransportHeaders } from '#shared/masstransit/transport-properties.ts';
import { type Clock, systemClock } from '#shared/runtime/clock.ts';
import type { Bus } from './bus.ts';
import { localHost } from './host-info.ts';

export type EventPublisherOptions = {
  readonly bus: Bus;
  /** @default this process */
  readonly host?: HostInfo;
  readonly clock?: Clock;
};

/** Ids are GUIDs in "D" form and made when absent. */
export type OutgoingEvent = {
  /** `Namespace:Type` */
  readonly exchange: string;
  readonly messageUrn: string;
  readonly payload: object;
  /** The same for every attempt to publish one event. */
  readonly messageId?: string;
  readonly conversationId?: string;
  readonly correlationId?: string;
  readonly headers?: { readonly [name: string]: string | number | boolean };
  /** Trace context: `MT-Activity-Id`. */
  readonly trace?: TransportHeaders;
  /** The message that is being handled, and the queue it came from: conversation, headers and trace are its. */
  readonly cause?: { readonly message: ReceivedMessage; readonly queue: string };
};

export type EventPublisher = {
  /**
   * Resolves on the bus's confirm, see `Bus.publish`: at least once.
   *
   * @throws TypeError when an id is no GUID
   * @throws PlatformError as `Bus.publish`
   */
  publish(event: OutgoingEvent): Promise<void>;
};

/** Publishes as a .NET service with MassTransit does. */
export function createEventPublisher({ bus, host, clock = systemClock }: EventPublisherOptions): EventPublisher {
  const self = host ?? localHost('sonixy-realtime');
  const name = `${self.machineName}_${self.processName}_bus_${crypto.randomUUID()}`.replace(/[^\w-]/g, '');
  const sourceAddress = `${entityAddress(bus.address, name)}?temporary=true`;
  return {
    async publish({ exchange, cause, messageId, conversationId, ...event }) {
      const { body, properties } = writeMessage({
        ...event,
        messageId: messageId ?? crypto.randomUUID(),
        conversationId: conversationId ?? crypto.randomUUID(),
        sourceAddress,
        destinationAddress: entityAddress(bus.address, exchange),
        sentTime: new Date(clock.now()),
        cause: cause && followOn(cause.message, entityAddress(bus.address, cause.queue)),
        host: self,
      });
      await bus.publish({ exchange, body, properties });
    },
  };
}
