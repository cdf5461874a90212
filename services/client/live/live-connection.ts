import type { hubPaths } from '../../shared/contract/names.ts';

/** What a live connection tells its owner. */
export type LiveHandlers = {
  /** The server called a method (SignalR) or sent an event (socket.io). What it carries is not checked. */
  called(method: string, args: readonly unknown[]): void;
  /** The transport in use, for people: at the start and when socket.io upgrades. */
  transport(name: string): void;
  /** Once, after `open` resolved, however the connection ended; never after `close`. `comeBack`: false when the server said to stay away. */
  closed(reason: string, comeBack: boolean): void;
};

export type HubName = keyof typeof hubPaths;

export type LiveOptions = {
  /** Origin of hub and socket.io, without a trailing slash. */
  readonly baseUrl: string;
  /** Whose methods are wanted. socket.io has both on one connection. */
  readonly hub: HubName;
  token(): Promise<string>;
  /** Aborted when nobody waits for the connection any more: it is to reject and leave nothing behind. Of no matter once it has resolved. */
  readonly signal?: AbortSignal | undefined;
  readonly handlers: LiveHandlers;
};

/** Port: one connection of one protocol. It never reconnects by itself: its owner does, with one policy for all. */
export interface LiveConnection {
  /** Resolves with the server's answer. Rejects when the connection ends first or the server refuses. */
  call(method: string, ...args: readonly unknown[]): Promise<unknown>;
  /** Sends without an answer, when it can: for what nobody misses. */
  tell(method: string, ...args: readonly unknown[]): void;
  /** Ends it for good. Safe to call twice. */
  close(): void;
}

/**
 * Rejects with `LiveRefusedError` when the token is not accepted, with `LiveEndedError` when trying again is in vain, with
 * any other error when it may help.
 */
export type OpenLive = (options: LiveOptions) => Promise<LiveConnection>;

export class LiveRefusedError extends Error {
  override readonly name = 'LiveRefusedError';
}

export class LiveEndedError extends Error {
  override readonly name = 'LiveEndedError';
}
