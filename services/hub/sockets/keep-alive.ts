import type { IncomingMessage, Server, ServerResponse } from 'node:http';

/**
 * Ends the reuse of HTTP connections for a drain: a client that is told to reconnect would negotiate over the one that
 * it has, and meet the worker that sent it away. Requests of live connections keep theirs: only here they are known.
 */
export class KeepAlive {
  readonly #servers = new Set<Server>();
  #ended = false;

  watch(server: Server): void {
    this.#servers.add(server);
  }

  /** Before the request is answered. */
  track(request: IncomingMessage, response: ServerResponse): void {
    const isOfLiveConnection = /[?&]s?id=/i.test(request.url ?? '');
    if (this.#ended && !isOfLiveConnection) response.setHeader('Connection', 'close');
  }

  end(): void {
    this.#ended = true;
    for (const server of this.#servers) server.closeIdleConnections();
  }
}
