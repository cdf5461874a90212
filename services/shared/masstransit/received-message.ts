import { type Envelope, envelopeContentType } from './envelope.ts';
import { field, isRecord, type JsonRecord, textField } from './field.ts';
import { isGuid } from './guid.ts';
import { InvalidMessageError } from './invalid-message-error.ts';
import { parseLenientJson } from './lenient-json.ts';
import { rawMessageTypes, readEnvelope, readRawEnvelope } from './read-envelope.ts';
import { headerText, type TransportHeaders, type TransportProperties } from './transport-properties.ts';

const noHeaders: TransportHeaders = {};
const noTypes: readonly unknown[] = [];

/**
 * Reads MassTransit's envelope, or a bare message where the content type is `application/json`. Any other content type,
 * or none, means the envelope; so does an envelope that was sent as `application/json`.
 *
 * @throws InvalidMessageError
 */
export function readMessage(body: Buffer, properties: TransportProperties): ReceivedMessage {
  const root = parseLenientJson(body);
  if (!isRecord(root)) throw new InvalidMessageError('body is no JSON object');
  if (properties.contentType !== envelopeContentType && isRawJson(properties, root)) {
    return new ReceivedMessage(root, properties, rawMessageTypes(properties.headers), root, true);
  }
  const types = field(root, 'messageType') ?? noTypes;
  if (!Array.isArray(types)) throw new InvalidMessageError('messageType must be an array');
  return new ReceivedMessage(root, properties, types, field(root, 'message'), false);
}

/** A message as it came. All but `types` and `payload` is read when it is asked for: most messages are dropped by a look at these. */
export class ReceivedMessage {
  /** The elements of `messageType`, as they came; undefined for a bare message that names none: it is for every consumer. */
  readonly types: readonly unknown[] | undefined;
  readonly #payload: unknown;
  readonly #root: JsonRecord;
  readonly #properties: TransportProperties;
  readonly #isRaw: boolean;
  #envelope: Envelope | undefined;
  #messageId: string | undefined;
  #hasMadeId = false;

  constructor(
    root: JsonRecord,
    properties: TransportProperties,
    types: readonly unknown[] | undefined,
    payload: unknown,
    isRaw: boolean,
  ) {
    this.#root = root;
    this.#properties = properties;
    this.types = types;
    this.#payload = payload;
    this.#isRaw = isRaw;
  }

  /** @throws InvalidMessageError when there is none */
  get payload(): object {
    if (!isRecord(this.#payload)) throw new InvalidMessageError('message must be an object');
    return this.#payload;
  }

  /**
   * The key that is the same for every delivery of one message: `MT-OriginalMessageId`, else the envelope's, else AMQP's
   * `message_id`, else one made now. GUIDs are in lower case.
   */
  get messageId(): string {
    this.#messageId ??= this.#readMessageId();
    return this.#messageId;
  }

  /** Whether `messageId` had to be made: then a second delivery of this message is not known for one. */
  get hasMadeId(): boolean {
    return this.#hasMadeId;
  }

  get envelope(): Envelope {
    this.#envelope ??= this.#isRaw ? readRawEnvelope(this.transportHeaders) : readEnvelope(this.#root);
    return this.#envelope;
  }

  /** The publisher's own headers: the envelope's, or AMQP's for a bare message. */
  get headers(): { readonly [name: string]: unknown } {
    return this.envelope.headers;
  }

  /** AMQP's headers, trace headers among them. */
  get transportHeaders(): TransportHeaders {
    return this.#properties.headers ?? noHeaders;
  }

  get priority(): number | undefined {
    return this.#properties.priority;
  }

  /** Without the envelope, whose other fields nearly no consumer reads. */
  #readMessageId(): string {
    const headers = this.#isRaw ? this.transportHeaders : field(this.#root, 'headers');
    const id = this.#isRaw ? headerText(this.transportHeaders, 'MessageId') : textField(this.#root, 'messageId');
    const found =
      (isRecord(headers) ? this.#usable(textField(headers, 'MT-OriginalMessageId')) : undefined) ??
      this.#usable(headerText(this.transportHeaders, 'MT-OriginalMessageId')) ??
      this.#usable(id) ??
      this.#usable(this.#properties.messageId);
    this.#hasMadeId = found === undefined;
    return found ?? crypto.randomUUID();
  }

  #usable(id: unknown): string | undefined {
    if (typeof id !== 'string' || id === '' || id.length > maxMessageIdLength) return undefined;
    return isGuid(id) ? id.toLowerCase() : id;
  }
}

const maxMessageIdLength = 256;

function isRawJson({ contentType, headers }: TransportProperties, root: JsonRecord): boolean {
  if (!contentType || !/^application\/json\s*(;|$)/i.test(contentType)) return false;
  return rawMessageTypes(headers) !== undefined || !Array.isArray(field(root, 'messageType'));
}
