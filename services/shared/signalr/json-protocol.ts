import { isUtf8 } from 'node:buffer';
import { checkDecoded } from './decoded-value.ts';
import { ProtocolError } from './hub-error.ts';
import type { HubMessage } from './hub-message.ts';
import { type HubProtocol, overSize } from './hub-protocol.ts';

/** Ends every JSON message and the handshake. Valid JSON never contains the byte. */
export const recordSeparator = 0x1e;

const separator = Buffer.of(recordSeparator);
const invocationTail = Buffer.from(']}\u001e');

export const jsonProtocol: HubProtocol = {
  name: 'json',
  binary: false,
  ping: encode({ type: 6 }),

  frame(bytes, scanned, maxBytes) {
    const end = bytes.indexOf(recordSeparator, scanned);
    if (end === -1 ? bytes.length >= maxBytes : end >= maxBytes) throw overSize(maxBytes);
    return end === -1 ? undefined : { start: 0, end, next: end + 1 };
  },

  decode(payload, maxDepth) {
    const message = parseObject(payload, maxDepth);
    switch (message['type']) {
      case 1:
      case 4:
        return toInvocation(message);
      case 2:
      case 3:
      case 5:
        requiredText(message, 'invocationId');
        return { kind: 'ignored' };
      case 6:
        return { kind: 'ping' };
      case 7:
        return { kind: 'close', error: optionalText(message, 'error') };
      default:
        if (typeof message['type'] !== 'number') throw new ProtocolError("missing required property 'type'");
        return { kind: 'ignored' };
    }
  },

  invocation: (target, args) => encode({ type: 1, target, arguments: args }),

  invocationOfJson(target, json) {
    const head = Buffer.from(`{"type":1,"target":${JSON.stringify(target)},"arguments":[`);
    return Buffer.concat([head, json, invocationTail]);
  },

  completion: (invocationId, completion) => encode({ type: 3, invocationId, ...completion }),

  close: (error, allowReconnect) => encode({ type: 7, error, allowReconnect: allowReconnect || undefined }),
};

function encode(message: object): Uint8Array {
  return Buffer.concat([Buffer.from(JSON.stringify(message, bytesAsBase64)), separator]);
}

/** As .NET writes byte arrays. `value` is what a Buffer's own toJSON made of it. */
function bytesAsBase64(this: Record<string, unknown>, key: string, value: unknown): unknown {
  const original = this[key];
  return original instanceof Uint8Array ? Buffer.from(original).toString('base64') : value;
}

/** Valid UTF-8, valid JSON, an object, no deeper than `maxDepth`. @throws ProtocolError */
export function parseObject(payload: Uint8Array, maxDepth: number): Record<string, unknown> {
  if (!isUtf8(payload)) throw new ProtocolError('message is not UTF-8');
  const text = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength).toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ProtocolError('message is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProtocolError('message is not an object');
  }
  checkDecoded(value, maxDepth);
  return value as Record<string, unknown>;
}

function toInvocation(message: Record<string, unknown>): HubMessage {
  const streaming = message['type'] === 4;
  const args = message['arguments'];
  if (!Array.isArray(args)) throw new ProtocolError("missing required property 'arguments'");
  const streamIds = message['streamIds'] ?? [];
  if (!Array.isArray(streamIds) || !streamIds.every((it) => typeof it === 'string')) {
    throw new ProtocolError("property 'streamIds' is not a list of strings");
  }
  return {
    kind: streaming ? 'streamInvocation' : 'invocation',
    invocationId: streaming
      ? requiredText(message, 'invocationId')
      : optionalText(message, 'invocationId') || undefined,
    target: requiredText(message, 'target'),
    args,
    streamIds,
  };
}

function requiredText(message: Record<string, unknown>, name: string): string {
  const value = message[name];
  if (typeof value !== 'string' || value === '') throw new ProtocolError(`missing required property '${name}'`);
  return value;
}

function optionalText(message: Record<string, unknown>, name: string): string | undefined {
  const value = message[name] ?? undefined;
  if (value !== undefined && typeof value !== 'string') throw new ProtocolError(`property '${name}' is not a string`);
  return value;
}
