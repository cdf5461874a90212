import { decode, encode } from '@msgpack/msgpack';
import { checkDecoded } from './decoded-value.ts';
import { ProtocolError } from './hub-error.ts';
import type { HubMessage } from './hub-message.ts';
import { type HubProtocol, overSize } from './hub-protocol.ts';
import { checkStructure } from './messagepack-structure.ts';

const resultKind = { error: 1, value: 3 } as const;

export const messagePackProtocol: HubProtocol = {
  name: 'messagepack',
  binary: true,
  ping: framed([6]),

  frame(bytes, _scanned, maxBytes) {
    let length = 0;
    for (let index = 0; index < 5; index++) {
      const byte = bytes[index];
      if (byte === undefined) return undefined;
      length += (byte & 0x7f) * 2 ** (7 * index);
      if (byte >= 0x80) continue;
      const start = index + 1;
      const end = start + length;
      if (end > maxBytes) throw overSize(maxBytes);
      return end > bytes.length ? undefined : { start, end, next: end };
    }
    throw new ProtocolError('length prefix is longer than 5 bytes');
  },

  decode(payload, maxDepth) {
    checkStructure(payload, maxDepth);
    const message = decodeList(payload);
    checkDecoded(message, maxDepth);
    switch (message[0]) {
      case 1:
      case 4:
        return toInvocation(message);
      case 2:
      case 3:
      case 5:
        requiredText(message, 2, 'invocationId');
        return { kind: 'ignored' };
      case 6:
        return { kind: 'ping' };
      case 7:
        return { kind: 'close', error: optionalText(message, 1, 'error') };
      default:
        if (typeof message[0] !== 'number') throw new ProtocolError('message type is not a number');
        return { kind: 'ignored' };
    }
  },

  invocation: (target, args) => framed([1, {}, null, target, args, []]),
  invocationOfJson: (target, json) =>
    framed([1, {}, null, target, [JSON.parse(Buffer.from(json).toString('utf8'))], []]),

  completion: (invocationId, completion) =>
    'error' in completion
      ? framed([3, {}, invocationId, resultKind.error, completion.error])
      : framed([3, {}, invocationId, resultKind.value, completion.result]),

  close: (error, allowReconnect) => framed([7, error ?? null, allowReconnect]),
};

function decodeList(payload: Uint8Array): readonly unknown[] {
  let value: unknown;
  try {
    value = decode(payload);
  } catch {
    throw new ProtocolError('message is not MessagePack');
  }
  if (!Array.isArray(value) || value.length === 0) throw new ProtocolError('message is not an array');
  return value;
}

/** Clients leave StreamIds out when there are none, and may one day add elements. */
function toInvocation(message: readonly unknown[]): HubMessage {
  const streaming = message[0] === 4;
  const args = message[4];
  if (!Array.isArray(args)) throw new ProtocolError('arguments are not an array');
  const streamIds = message[5] ?? [];
  if (!Array.isArray(streamIds) || !streamIds.every((it) => typeof it === 'string')) {
    throw new ProtocolError('streamIds is not a list of strings');
  }
  return {
    kind: streaming ? 'streamInvocation' : 'invocation',
    invocationId: streaming
      ? requiredText(message, 2, 'invocationId')
      : optionalText(message, 2, 'invocationId') || undefined,
    target: requiredText(message, 3, 'target'),
    args,
    streamIds,
  };
}

function requiredText(message: readonly unknown[], index: number, name: string): string {
  const value = message[index];
  if (typeof value !== 'string' || value === '') throw new ProtocolError(`${name} is not a filled string`);
  return value;
}

function optionalText(message: readonly unknown[], index: number, name: string): string | undefined {
  const value = message[index] ?? undefined;
  if (value !== undefined && typeof value !== 'string') throw new ProtocolError(`${name} is not a string`);
  return value;
}

function framed(message: readonly unknown[]): Uint8Array {
  const body = encode(message);
  const prefix: number[] = [];
  let rest = body.length;
  do {
    prefix.push(rest >= 0x80 ? (rest & 0x7f) | 0x80 : rest);
    rest = Math.floor(rest / 0x80);
  } while (rest > 0);
  return Buffer.concat([Buffer.from(prefix), body]);
}
