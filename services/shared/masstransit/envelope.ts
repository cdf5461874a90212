import type { HostInfo } from './host-info.ts';

export const envelopeContentType = 'application/vnd.masstransit+json';

/** MassTransit's envelope without its message: ids are GUIDs, addresses absolute URIs, times ISO 8601; null where absent. */
export type Envelope = {
  readonly messageId: string | null;
  readonly requestId: string | null;
  readonly correlationId: string | null;
  readonly conversationId: string | null;
  readonly initiatorId: string | null;
  readonly sourceAddress: string | null;
  readonly destinationAddress: string | null;
  readonly responseAddress: string | null;
  readonly faultAddress: string | null;
  /** `urn:message:Namespace:Type`, the message's own type first. */
  readonly messageType: readonly string[];
  readonly expirationTime: string | null;
  readonly sentTime: string | null;
  readonly headers: { readonly [name: string]: unknown };
  readonly host: Partial<HostInfo> | null;
};

/** As MassTransit's serialiser writes it: camelCase, in its order, nulls included. */
export function encodeEnvelope(envelope: Envelope, message: object): Buffer {
  return Buffer.from(
    JSON.stringify({
      messageId: envelope.messageId,
      requestId: envelope.requestId,
      correlationId: envelope.correlationId,
      conversationId: envelope.conversationId,
      initiatorId: envelope.initiatorId,
      sourceAddress: envelope.sourceAddress,
      destinationAddress: envelope.destinationAddress,
      responseAddress: envelope.responseAddress,
      faultAddress: envelope.faultAddress,
      messageType: envelope.messageType,
      message,
      expirationTime: envelope.expirationTime,
      sentTime: envelope.sentTime,
      headers: envelope.headers,
      host: envelope.host,
    }),
  );
}
