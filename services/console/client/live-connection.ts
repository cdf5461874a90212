import type { NotificationChange, SubscribeAnswer } from '#shared/contract/notification-dto.ts';

/** What a live connection tells its owner. */
export type LiveHandlers = {
  /** `isNew`: the server calls it new, not changed. */
  changed(change: NotificationChange, isNew: boolean): void;
  /** The transport in use, for people: at the start and when socket.io upgrades. */
  transport(name: string): void;
  /** Once, after `open` resolved, however the connection ended; never after `close`. */
  closed(reason: string): void;
};

export type LiveOptions = {
  /** Origin of hub and socket.io, without a trailing slash. */
  readonly baseUrl: string;
  token(): Promise<string>;
  readonly handlers: LiveHandlers;
};

/** Port: one connection of one protocol. It never reconnects by itself: its owner does, with one policy for all. */
export interface LiveConnection {
  /** From its answer on, change methods arrive too. Rejects when the connection ends first. */
  subscribe(cursor: string | null): Promise<SubscribeAnswer>;
  /** Ends it for good. Safe to call twice. */
  close(): void;
}

/** Rejects with `LiveRefusedError` when the token is not accepted, with any other error when trying again may help. */
export type OpenLive = (options: LiveOptions) => Promise<LiveConnection>;

export class LiveRefusedError extends Error {
  override readonly name = 'LiveRefusedError';
}
