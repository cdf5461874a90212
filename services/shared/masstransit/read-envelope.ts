import type { Envelope } from './envelope.ts';
import { field, isRecord, type JsonRecord, textField } from './field.ts';
import type { HostInfo } from './host-info.ts';
import { parseLenientJson } from './lenient-json.ts';
import { headerText, type TransportHeaders } from './transport-properties.ts';

/** What surrounds the message, in either letter case; a field of another shape counts as absent. */
export function readEnvelope(root: JsonRecord): Envelope {
  const messageType = field(root, 'messageType');
  const headers = field(root, 'headers');
  return {
    messageId: textField(root, 'messageId'),
    requestId: textField(root, 'requestId'),
    correlationId: textField(root, 'correlationId'),
    conversationId: textField(root, 'conversationId'),
    initiatorId: textField(root, 'initiatorId'),
    sourceAddress: textField(root, 'sourceAddress'),
    destinationAddress: textField(root, 'destinationAddress'),
    responseAddress: textField(root, 'responseAddress'),
    faultAddress: textField(root, 'faultAddress'),
    messageType: Array.isArray(messageType) ? messageType.filter((urn) => typeof urn === 'string') : [],
    expirationTime: textField(root, 'expirationTime'),
    sentTime: textField(root, 'sentTime'),
    headers: isRecord(headers) ? headers : {},
    host: readHost(field(root, 'host')),
  };
}

/** The same of a bare JSON message, whose surroundings are AMQP headers. */
export function readRawEnvelope(headers: TransportHeaders): Envelope {
  const text = (name: string) => headerText(headers, name) || null;
  return {
    messageId: text('MessageId'),
    requestId: text('RequestId'),
    correlationId: text('CorrelationId'),
    conversationId: text('ConversationId'),
    initiatorId: text('MT-InitiatorId'),
    sourceAddress: text('MT-Source-Address'),
    destinationAddress: null,
    responseAddress: text('MT-Response-Address'),
    faultAddress: text('MT-Fault-Address'),
    messageType: rawMessageTypes(headers) ?? [],
    expirationTime: null,
    sentTime: null,
    headers,
    host: readHost(parseHost(text('MT-Host-Info'))),
  };
}

/** undefined when the publisher named none: then every consumer of the endpoint is meant. */
export function rawMessageTypes(headers: TransportHeaders | undefined): readonly string[] | undefined {
  const urns = headerText(headers, 'MT-MessageType')
    ?.split(';')
    .map((urn) => urn.trim())
    .filter((urn) => urn !== '');
  return urns && urns.length > 0 ? urns : undefined;
}

function parseHost(json: string | null): unknown {
  if (json === null) return null;
  try {
    return parseLenientJson(Buffer.from(json));
  } catch {
    return null;
  }
}

const hostFields = [
  'machineName',
  'processName',
  'assembly',
  'assemblyVersion',
  'frameworkVersion',
  'massTransitVersion',
  'operatingSystemVersion',
] as const satisfies (keyof HostInfo)[];

function readHost(host: unknown): Partial<HostInfo> | null {
  if (!isRecord(host)) return null;
  const processId = field(host, 'processId');
  const texts = hostFields.flatMap((name) => {
    const value = textField(host, name);
    return value === null ? [] : [[name, value] as const];
  });
  return { ...Object.fromEntries(texts), ...(typeof processId === 'number' && { processId }) };
}
