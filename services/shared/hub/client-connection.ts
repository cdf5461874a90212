import type { Principal } from '#shared/auth/principal.ts';

/** Encodes once for all clients that speak it. */
export interface ClientProtocol {
  /** Unique: `signalr-json`, `signalr-messagepack`, `socket.io`. */
  readonly name: string;
  /** `args` are the UTF-8 JSON of the method's arguments. The answer is shared by all connections: nobody changes it. */
  encode(method: string, args: readonly Uint8Array[]): EncodedMessage;
}

/** A whole message as the protocol puts it on the wire. `payload` is understood by the protocol's own connections only. */
export type EncodedMessage = { readonly payload: Uint8Array | string; readonly bytes: number };

/** Why the hub ends a connection, and whether the client is told to come back. */
export const closeReasons = {
  /** This worker stops, or has no place: another one serves. */
  draining: { reconnect: true },
  /** The client took less than it was sent, up to the cap. */
  slow: { reconnect: true },
  /** The token's time is over: come back with a new one. */
  expired: { reconnect: true },
  /** The stream has a new life (a restore), or rows are missing: come back and subscribe anew. */
  reload: { reconnect: true },
  revoked: { reconnect: false },
  /** More connections of this user than allowed. */
  refused: { reconnect: false },
} as const satisfies Record<string, { reconnect: boolean }>;

export type CloseReason = keyof typeof closeReasons;

/** Port: one live client, whatever its protocol and transport. */
export interface ClientConnection {
  /** Unique in the process; public. */
  readonly id: string;
  readonly principal: Principal;
  readonly protocol: ClientProtocol;
  /** For metrics and logs: `WebSockets`, `ServerSentEvents`, `LongPolling`; a client may change it while it lives. */
  readonly transport: string;
  /** Bytes that `write` took and the client's socket (or next poll) has not. */
  readonly bufferedBytes: number;
  /** Sends in this order, as one transport write where the transport can. Never blocks, never throws; after the end it does nothing. */
  write(messages: readonly EncodedMessage[]): void;
  /** Tells the client the reason as its protocol can, flushes what it can and ends. Safe to call twice. */
  close(reason: CloseReason): void;
}
