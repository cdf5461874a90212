import { isGuid } from './guid.ts';
import type { ReceivedMessage } from './received-message.ts';
import type { TransportHeaders } from './transport-properties.ts';

/** What a message inherits from the one whose handling caused it. */
export type FollowOn = {
  readonly conversationId: string | undefined;
  readonly initiatorId: string | undefined;
  /** Input address of the endpoint that handled the cause. */
  readonly sourceAddress: string;
  readonly headers: { readonly [name: string]: unknown };
  readonly trace: TransportHeaders;
  readonly priority: number | undefined;
};

export function followOn(cause: ReceivedMessage, inputAddress: string): FollowOn {
  const { envelope } = cause;
  return {
    conversationId: guidOrNothing(envelope.conversationId),
    initiatorId: guidOrNothing(envelope.correlationId ?? envelope.requestId),
    sourceAddress: inputAddress,
    headers: Object.fromEntries(Object.entries(cause.headers).filter(([name]) => !name.startsWith('MT-'))),
    trace: traceHeaders(cause.transportHeaders),
    priority: cause.priority,
  };
}

// Our reader takes ids that .NET would refuse: they are not passed on to it.
function guidOrNothing(id: string | null): string | undefined {
  return id !== null && isGuid(id) ? id : undefined;
}

const traceNames = ['MT-Activity-Id', 'MT-Activity-Correlation-Context', 'MT-Activity-Propagation'] as const;

/** W3C trace context in MassTransit's headers. */
export function traceHeaders(headers: TransportHeaders): TransportHeaders {
  return Object.fromEntries(traceNames.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])));
}
