import type { HubProtocolName } from './hub.ts';
import { ProtocolError } from './hub-error.ts';
import { parseObject, recordSeparator } from './json-protocol.ts';

/** The newest version that ASP.NET speaks; 2 differs from 1 in stateful reconnect only, which was not negotiated. */
const newestVersion = 2;

export type Handshake =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'accepted'; readonly protocol: HubProtocolName; readonly next: number }
  | { readonly kind: 'refused'; readonly error: string };

export const handshakeAccepted: Uint8Array = Buffer.from('{}\u001e');
export const handshakeCanceled = 'Handshake was canceled.';

export function handshakeRefused(error: string): Uint8Array {
  return Buffer.from(`${JSON.stringify({ error })}\u001e`);
}

/** The first message of every client, JSON text for both protocols. What follows `next` belongs to the hub protocol. */
export function readHandshake(
  bytes: Uint8Array,
  scanned: number,
  transportIsBinary: boolean,
  maxBytes: number,
): Handshake {
  const end = bytes.indexOf(recordSeparator, scanned);
  if (end === -1 ? bytes.length >= maxBytes : end >= maxBytes) return refused(handshakeCanceled);
  if (end === -1) return { kind: 'incomplete' };
  let request: { readonly protocol: string; readonly version: number };
  try {
    request = parseRequest(bytes.subarray(0, end));
  } catch {
    return refused('An unexpected error occurred during connection handshake.');
  }
  const { protocol, version } = request;
  if (protocol !== 'json' && protocol !== 'messagepack') return refused(`The protocol '${protocol}' is not supported.`);
  if (version > newestVersion) {
    return refused(`The server does not support version ${version} of the '${protocol}' protocol.`);
  }
  if (protocol === 'messagepack' && !transportIsBinary) {
    return refused(
      "Cannot use the 'messagepack' protocol on the current transport. The transport does not support 'Binary' transfer format.",
    );
  }
  return { kind: 'accepted', protocol, next: end + 1 };
}

function parseRequest(payload: Uint8Array) {
  const request = parseObject(payload, 8);
  const protocol = request['protocol'];
  const version = request['version'];
  if (typeof protocol !== 'string') throw new ProtocolError("missing required property 'protocol'");
  if (typeof version !== 'number' || !Number.isInteger(version)) {
    throw new ProtocolError("missing required property 'version'");
  }
  return { protocol, version };
}

const refused = (error: string): Handshake => ({ kind: 'refused', error });
