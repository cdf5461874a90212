import type { StreamId, UserId } from './ids.ts';

/**
 * What is not a row: droppable news on a user's or a conversation's channel. Nothing repairs a lost one but the next,
 * so each tells a whole state. `membership` is also found by comparing versions.
 */
export type SignalFrame =
  | { readonly kind: 'typing' | 'stoppedTyping'; readonly stream: StreamId; readonly user: UserId }
  | { readonly kind: 'read'; readonly stream: StreamId; readonly user: UserId; readonly readThrough: number }
  /** The user's place in the conversation changed: read memberships again if `version` is newer than what is known. */
  | { readonly kind: 'membership'; readonly stream: StreamId; readonly user: UserId; readonly version: number };

/** First byte of a signal; a row's frame begins with its own version, which is lower. */
const version = 128;

export function encodeSignalFrame(frame: SignalFrame): Buffer {
  return Buffer.concat([Buffer.of(version), Buffer.from(JSON.stringify(frame))]);
}

/** undefined for anything else, a signal of a later version included: it is dropped. */
export function decodeSignalFrame(bytes: Uint8Array): SignalFrame | undefined {
  if (bytes[0] !== version) return undefined;
  try {
    const frame: unknown = JSON.parse(Buffer.from(bytes.subarray(1)).toString());
    return isSignal(frame) ? frame : undefined;
  } catch {
    return undefined;
  }
}

const kinds = new Set(['typing', 'stoppedTyping', 'read', 'membership']);

function isSignal(frame: unknown): frame is SignalFrame {
  if (typeof frame !== 'object' || frame === null) return false;
  const { kind, stream } = frame as Record<string, unknown>;
  return typeof kind === 'string' && kinds.has(kind) && typeof stream === 'string';
}
