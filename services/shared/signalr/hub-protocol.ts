import type { HubProtocolName } from './hub.ts';
import { ProtocolError } from './hub-error.ts';
import type { Completion, HubMessage } from './hub-message.ts';

/** Where the next message lies in the bytes at hand: its payload, and where the one after it begins. */
export type Frame = { readonly start: number; readonly end: number; readonly next: number };

/** Port: one hub protocol. Stateless; shared by all connections. */
export interface HubProtocol {
  readonly name: HubProtocolName;
  /** Needs a transport that carries bytes. */
  readonly binary: boolean;
  readonly ping: Uint8Array;
  /**
   * The first whole message at `bytes[0]`, or undefined while it is incomplete. Nothing before `scanned` ends a message.
   * @throws ProtocolError when no message can begin so, or one is announced that exceeds `maxBytes` framing included
   */
  frame(bytes: Uint8Array, scanned: number, maxBytes: number): Frame | undefined;
  /** @throws ProtocolError */
  decode(payload: Uint8Array, maxDepth: number): HubMessage;
  /** @throws when an argument cannot be written */
  invocation(target: string, args: readonly unknown[]): Uint8Array;
  /** `json` is the UTF-8 text of the only argument and is trusted to be valid. */
  invocationOfJson(target: string, json: Uint8Array): Uint8Array;
  /** @throws when the result cannot be written */
  completion(invocationId: string, completion: Completion): Uint8Array;
  close(error: string | undefined, allowReconnect: boolean): Uint8Array;
}

/** ASP.NET says why only to clients of a server with detailed errors; a limit is no secret, and the reason saves a day. */
export function overSize(maxBytes: number): ProtocolError {
  const detail = `The maximum message size of ${maxBytes}B was exceeded. The message size can be configured in AddHubOptions.`;
  return new ProtocolError(detail, { detail: `InvalidDataException: ${detail}` });
}
