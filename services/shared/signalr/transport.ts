import type { HubTransportName } from './hub.ts';
import type { Ticking } from './ticker.ts';

/** Port: what carries bytes to and from one client. */
export interface Transport extends Ticking {
  readonly name: HubTransportName;
  /** Whether it can carry a binary protocol. */
  readonly binary: boolean;
  /** Neither side pings: requests come anyway. */
  readonly inherentKeepAlive: boolean;
  /** Bytes given to `send` that the socket has not taken yet. */
  readonly bufferedBytes: number;
  /** Whole messages, one transport write. Never blocks or throws. `text` says what they are to the client. */
  send(bytes: Uint8Array, text: boolean): void;
  /** Sends what is left, then ends, cutting after a while. Safe to call twice. */
  end(): void;
  /** Ends at once. */
  abort(): void;
  /** Stops and goes on reading from the client. */
  pause(): void;
  resume(): void;
}

/** Port: who sits behind a transport. */
export interface TransportListener {
  /** Any piece of the client's byte stream, in order. */
  received(bytes: Uint8Array): void;
  /** Once, when nothing more will come or go. `error` unless the client said goodbye or the server ended it. */
  closed(error?: Error): void;
}
