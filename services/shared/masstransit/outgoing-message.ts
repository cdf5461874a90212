import { toDotnetTime } from './dotnet-time.ts';
import { encodeEnvelope, envelopeContentType } from './envelope.ts';
import type { FollowOn } from './follow-on.ts';
import { isGuid } from './guid.ts';
import type { HostInfo } from './host-info.ts';
import type { TransportHeaders, TransportProperties } from './transport-properties.ts';

/** Ids are GUIDs in "D" form: .NET refuses others. */
export type OutgoingMessage = {
  readonly messageUrn: string;
  readonly payload: object;
  readonly messageId: string;
  readonly conversationId: string;
  readonly correlationId?: string | undefined;
  readonly sourceAddress: string;
  readonly destinationAddress: string;
  readonly sentTime: Date;
  readonly headers?: { readonly [name: string]: string | number | boolean } | undefined;
  /** Trace headers: AMQP only. */
  readonly trace?: TransportHeaders | undefined;
  readonly cause?: FollowOn | undefined;
  readonly host: HostInfo;
};

/** @throws TypeError when an id is no GUID */
export function writeMessage(message: OutgoingMessage): { body: Buffer; properties: TransportProperties } {
  const { messageId, correlationId = null, cause } = message;
  const initiatorId = cause?.initiatorId ?? null;
  const conversationId = cause?.conversationId ?? message.conversationId;
  for (const id of [messageId, correlationId, initiatorId, conversationId]) {
    if (id !== null && !isGuid(id)) throw new TypeError(`message ids must be GUIDs, got ${JSON.stringify(id)}`);
  }
  const headers = { ...cause?.headers, ...message.headers };
  const body = encodeEnvelope(
    {
      messageId,
      requestId: null,
      correlationId,
      conversationId,
      initiatorId,
      sourceAddress: cause?.sourceAddress ?? message.sourceAddress,
      destinationAddress: message.destinationAddress,
      responseAddress: null,
      faultAddress: null,
      messageType: [message.messageUrn],
      expirationTime: null,
      sentTime: toDotnetTime(message.sentTime),
      headers,
      host: message.host,
    },
    message.payload,
  );
  return {
    body,
    properties: {
      contentType: envelopeContentType,
      deliveryMode: 2,
      messageId,
      correlationId: correlationId ?? undefined,
      priority: cause?.priority,
      headers: { ...transportHeaders(headers), ...cause?.trace, ...message.trace },
    },
  };
}

/** .NET writes true as text, and false not at all. */
function transportHeaders(headers: { readonly [name: string]: unknown }): TransportHeaders {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === false || value === null ? [] : [[name, value === true ? 'True' : value]],
    ),
  );
}
