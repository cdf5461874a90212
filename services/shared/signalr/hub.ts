import type { IncomingMessage } from 'node:http';

export type HubProtocolName = 'json' | 'messagepack';
export type HubTransportName = 'WebSockets' | 'ServerSentEvents' | 'LongPolling';

/** `established`: the request belongs to a connection that lives on this worker (a send, a poll, a DELETE), not to a new one. */
export type AuthorizePhase = { readonly established: boolean };

export type Admission = { readonly ok: true } | { readonly ok: false; readonly retryAfterSeconds: number };

/** Port: what one hub path does. */
export interface SignalRHub<Identity> {
  /**
   * Who speaks, from the request's headers and URL. Asked on negotiate, on connect and on every send, poll and DELETE.
   * To refuse, throw an object with `status` (401, 403, 503…); any other error is answered 500. A token that is merely
   * expired should pass when `established`: a stock client that sees a 401 on a poll ends for good.
   */
  authorize(request: IncomingMessage, phase: AuthorizePhase): Promise<Identity>;
  /** The stable part of an identity (the user id). A connection token is worth nothing to an identity with another key. */
  identityKey(identity: Identity): string;
  /** Whether a request of `candidate` may act for a connection of `owner`; else it is answered 403. */
  sameUser(owner: Identity, candidate: Identity): boolean;
  /** Asked on negotiate and for a WebSocket without id, after `authorize`. A refusal is 503 with Retry-After. May take its time. */
  admit?(request: IncomingMessage): Promise<Admission>;
  /** Response headers for negotiate, SSE and long polling. With it OPTIONS is answered 204, without it 405. */
  cors?(request: IncomingMessage): Record<string, string>;
  /**
   * Called one at a time per connection, in the order sent; names match case-insensitively. What a method returns or
   * resolves to becomes the client's result. Arguments are whatever the client sent: parse them.
   * Throw a HubError to tell the client why, a HubArgumentError for arguments that don't fit.
   */
  readonly methods: Readonly<Record<string, HubMethod<Identity>>>;
  /** After the handshake. Until it settles nothing from the client is dispatched. A rejection closes the connection. */
  onConnected(connection: SignalRConnection<Identity>): void | Promise<void>;
  /**
   * Once for each connection whose `onConnected` succeeded, after that, never from inside `write` or `close`.
   * `error` is set when the end was not a clean one.
   */
  onDisconnected(connection: SignalRConnection<Identity>, error?: Error): void;
  /** An established connection sent a further request as the same user, perhaps with a newer token. */
  onAuthorized?(connection: SignalRConnection<Identity>, identity: Identity): void;
  /**
   * Holds what `write` is given until the client's first message or this many ms, whichever comes first: clients that
   * register handlers after `start()` lose nothing then. On long polling only the time counts.
   * @default 0
   */
  readonly holdFirstMessageMs?: number;
}

export type HubMethod<Identity> = (connection: SignalRConnection<Identity>, ...args: unknown[]) => unknown;

export type CloseOptions = {
  readonly error?: string;
  /** Without it a stock client does not come back by itself. @default false */
  readonly allowReconnect?: boolean;
};

/** Port: one client, after its handshake. */
export interface SignalRConnection<Identity> {
  /** Public and unique; not the secret token. */
  readonly id: string;
  readonly identity: Identity;
  readonly protocol: HubProtocolName;
  readonly transport: HubTransportName;
  /** Exactly the bytes that were written and that the socket (or the next poll) has not taken, held ones included. */
  readonly bufferedBytes: number;
  /**
   * Sends whole encoded messages of this connection's protocol, in order, as one transport write.
   * Never blocks, never throws; after the end it does nothing. The arrays may be shared: nobody changes them.
   */
  write(messages: readonly Uint8Array[]): void;
  /** Sends what is held and a Close message, then ends the transport. Safe to call twice. */
  close(options?: CloseOptions): void;
  /** Replaces the identity, as after a token refresh. The caller makes sure that it is the same user. */
  setIdentity(identity: Identity): void;
}
