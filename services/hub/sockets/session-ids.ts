import type { IncomingMessage } from 'node:http';
import { socketIoPath } from '#shared/contract/names.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import { type ConnectionTokens, newConnectionId, type Worker } from '#shared/signalr/index.ts';

export type SessionIdsOptions = {
  readonly tokens: ConnectionTokens;
  readonly worker: Worker;
  readonly clock: Clock;
};

/** Session ids of socket.io that name their worker, as connection tokens of SignalR do. */
export class SessionIds {
  readonly #options: SessionIdsOptions;

  constructor(options: SessionIdsOptions) {
    this.#options = options;
  }

  make(): string {
    const { tokens, worker, clock } = this.#options;
    // Whose it is comes out inside of the connection.
    const token = { connectionId: newConnectionId(), worker, issuedAt: clock.now(), identityHash: '' };
    return tokens.seal(socketIoPath, token);
  }

  /** Another worker that has made the request's session id. */
  otherOwner({ url = '' }: IncomingMessage): Worker | undefined {
    const { tokens, worker } = this.#options;
    const sid = new URLSearchParams(url.split('?')[1]).get('sid');
    const owner = sid ? tokens.open(socketIoPath, sid)?.worker : undefined;
    return owner?.id === worker.id ? undefined : owner;
  }
}
