/** The AMQP 0-9-1 basic properties that MassTransit reads or writes. Times to live are texts of milliseconds. */
export type TransportProperties = {
  readonly contentType?: string | undefined;
  readonly contentEncoding?: string | undefined;
  /** 2 is persistent. */
  readonly deliveryMode?: number | undefined;
  readonly priority?: number | undefined;
  readonly correlationId?: string | undefined;
  readonly replyTo?: string | undefined;
  readonly expiration?: string | undefined;
  readonly messageId?: string | undefined;
  readonly timestamp?: number | undefined;
  readonly type?: string | undefined;
  readonly appId?: string | undefined;
  readonly headers?: TransportHeaders | undefined;
};

/** Strings, numbers, booleans, byte arrays, nested tables; `{ '!': 'timestamp', value: seconds }` for an AMQP timestamp. */
export type TransportHeaders = { readonly [name: string]: unknown };

/** A header as text, whether it came as string or as byte array; undefined for anything else. */
export function headerText(headers: TransportHeaders | undefined, name: string): string | undefined {
  const value = headers?.[name];
  if (typeof value === 'string') return value;
  return value instanceof Uint8Array ? new TextDecoder().decode(value) : undefined;
}
