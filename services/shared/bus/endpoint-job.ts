import type { ReceivedMessage } from '#shared/masstransit/received-message.ts';
import type { Delivery } from './bus.ts';
import type { MessageConsumer } from './message-consumers.ts';

/** A delivery that could not be settled at once. */
export type EndpointJob = {
  readonly delivery: Delivery;
  /** Place in the order of deliveries. */
  readonly order: number;
  /** Absent until it is read. */
  read: { readonly message: ReceivedMessage; readonly consumer: MessageConsumer } | undefined;
  retries: number;
};
