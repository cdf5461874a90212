import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import { type Clock, systemClock } from './clock.ts';
import { createConnectionTokens, type Worker } from './connection-token.ts';
import { createDispatcher, type ErrorListener } from './dispatcher.ts';
import { Endpoint } from './endpoint.ts';
import type { Forward } from './forward.ts';
import { answerUpgrade } from './http-answer.ts';
import type { SignalRHub } from './hub.ts';
import { defaultLimits, type SignalRLimits } from './limits.ts';
import { normalizePath, parseTarget } from './request-target.ts';
import { createSealer, type TokenKeys } from './sealer.ts';
import { Ticker } from './ticker.ts';

export type SignalRServerOptions = {
  readonly keys: TokenKeys;
  readonly worker: Worker;
  /** How event streams and polls reach the worker that negotiated. @default elsewhere they are answered 404 */
  readonly forward?: Forward | undefined;
  readonly limits?: Partial<SignalRLimits>;
  /** @default the system's */
  readonly clock?: Clock;
  /** Errors of hub code that no client is told about. @default dropped */
  readonly onError?: ErrorListener;
};

/** Port: SignalR on somebody else's HTTP server. */
export interface SignalRServer<Identity> {
  /** Serves `path` and `path/negotiate`, in any case. @throws when the path is taken or two methods differ by case only */
  mapHub(path: string, hub: SignalRHub<Identity>): void;
  /** Whether the request is for a hub; if so it will be answered. For the server's `request` event. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean;
  /** Whether the upgrade is for a hub; if so the socket is taken over. For the server's `upgrade` event. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** Connections that live here, those not yet past their handshake and those still closing included. */
  readonly connections: number;
  /** Tells every client to reconnect, refuses new ones with 503, and resolves when all are gone: after `closeTimeoutMs` they are cut. */
  close(): Promise<void>;
}

/** A client that closes without a code gets 1000 back, as from Kestrel; ws would send none. */
class HubSocket extends WebSocket {
  override close(code = 1000, data?: string | Buffer): void {
    super.close(code, data);
  }
}

/** @throws when the keys are unusable */
export function createSignalRServer<Identity>(options: SignalRServerOptions): SignalRServer<Identity> {
  const { worker, forward, clock = systemClock, onError = () => {} } = options;
  const limits = { ...defaultLimits, ...options.limits };
  const tokens = createConnectionTokens(createSealer(options.keys));
  const ticker = new Ticker(clock, shortestTimeout(limits));
  const socketOptions = {
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.maxWebSocketMessageBytes,
    closeTimeout: limits.closeTimeoutMs,
    handleProtocols: (): false => false,
    WebSocket: HubSocket,
  };
  const sockets = new WebSocketServer(socketOptions);
  const endpoints = new Map<string, Endpoint<Identity>>();
  const all = () => [...endpoints.values()];
  const count = () => all().reduce((sum, endpoint) => sum + endpoint.connections, 0);

  function find(url: string | undefined) {
    const { path, query } = parseTarget(url ?? '/');
    const negotiating = path.endsWith('/negotiate');
    const endpoint = endpoints.get(negotiating ? path.slice(0, -'/negotiate'.length) : path);
    return endpoint && { endpoint, negotiating, query };
  }

  return {
    mapHub(path, hub) {
      const key = normalizePath(path);
      if (endpoints.has(key)) throw new Error(`hub path ${path} is taken`);
      const dispatcher = createDispatcher(key, hub, onError);
      const context = { path: key, hub, dispatcher, limits, ticker, clock, onError, tokens, worker, forward, sockets };
      endpoints.set(key, new Endpoint(context));
    },

    handleRequest(request, response) {
      const found = find(request.url);
      if (!found) return false;
      const { endpoint, negotiating, query } = found;
      void (negotiating ? endpoint.negotiate(request, response, query) : endpoint.request(request, response, query));
      return true;
    },

    handleUpgrade(request, socket, head) {
      const found = find(request.url);
      if (!found) return false;
      // Until ws takes over, nobody else listens: an error without a listener would end the process.
      const ignore = () => {};
      socket.on('error', ignore);
      if (found.negotiating) answerUpgrade(socket, { status: 405 });
      else void found.endpoint.upgrade(request, socket, head, found.query);
      return true;
    },

    get connections() {
      return count();
    },

    async close() {
      for (const endpoint of all()) endpoint.closeAll();
      await new Promise<void>((resolve) => {
        const deadline = clock.now() + limits.closeTimeoutMs;
        const look = () => {
          if (count() === 0) return resolve();
          if (clock.now() >= deadline) for (const endpoint of all()) endpoint.abortAll();
          clock.after(20, look);
        };
        look();
      });
      ticker.stop();
    },
  };
}

function shortestTimeout(limits: SignalRLimits): number {
  const { keepAliveMs, clientTimeoutMs, handshakeTimeoutMs, pollTimeoutMs, disconnectTimeoutMs, closeTimeoutMs } =
    limits;
  return Math.min(keepAliveMs, clientTimeoutMs, handshakeTimeoutMs, pollTimeoutMs, disconnectTimeoutMs, closeTimeoutMs);
}
