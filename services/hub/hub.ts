import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { OriginPolicy } from '#shared/auth/origin-policy.ts';
import type { RevokedTokens } from '#shared/auth/revocation-list.ts';
import type { TokenVerifier } from '#shared/auth/token-verifier.ts';
import type { Backplane } from '#shared/backplane/backplane.ts';
import type { StreamSource } from '#shared/contract/internal-calls.ts';
import { hubPaths } from '#shared/contract/names.ts';
import { clientAddress, peerAddress, type TrustedProxies } from '#shared/http/client-address.ts';
import { Hub } from '#shared/hub/hub.ts';
import { defaultHubLimits, type HubLimits } from '#shared/hub/hub-limits.ts';
import type { Presence } from '#shared/presence/presence.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { Metrics } from '#shared/runtime/metrics.ts';
import {
  createConnectionTokens,
  createSealer,
  createSignalRServer,
  defaultLimits as defaultSignalRLimits,
  type TokenKeys,
  type Worker,
} from '#shared/signalr/index.ts';
import { defaultForwardTimeouts, Forwarder } from './forward/forwarder.ts';
import { PassingMark } from './forward/passing-mark.ts';
import { AddressLimits } from './sockets/address-limits.ts';
import { KeepAlive } from './sockets/keep-alive.ts';
import { SessionIds } from './sockets/session-ids.ts';
import { chatHub, type HubIdentity, notificationsHub } from './sockets/signalr.ts';
import { createSocketIoEdge } from './sockets/socket-io.ts';

export type HubSocketsLimits = HubLimits & {
  /** Messages that one client may send in a minute, SignalR's pings included. @default 120, with chat 600 */
  readonly maxMessagesPerMinute: number;
};

/** A stock chat client may tell of each key that is pressed: that it is typing. */
export const defaultMessagesPerMinute = { withoutChat: 120, withChat: 600 } as const;

export type HubSocketsOptions = {
  /** Of notifications. */
  readonly source: StreamSource;
  /** Of conversations. @default no chat: its hub path is answered 404 */
  readonly chatSource?: StreamSource | undefined;
  /** Who is at which worker, and how often. @default nobody can tell: each worker caps users alone */
  readonly presence?: Presence | undefined;
  readonly backplane: Backplane;
  /** Refuses what `revoked` tells of. */
  readonly verifier: TokenVerifier;
  /** Ends live connections too. @default nobody is revoked */
  readonly revoked?: RevokedTokens | undefined;
  readonly origins: OriginPolicy;
  /** Encrypt connection tokens and what workers say to each other; the same on all workers. */
  readonly idKeys: TokenKeys;
  /** With an address requests of connections go on to the worker that owns them. */
  readonly worker: Worker;
  readonly limits?: Partial<HubSocketsLimits>;
  /**
   * Caps what one client address has open at this worker: its connections, idle ones too; what comes through a proxy counts
   * for the address that it tells. Holds for all that the servers serve. @default no cap
   */
  readonly addresses?: { readonly proxies: TrustedProxies; readonly maxConnections: number } | undefined;
  /** Whether connections end when their token does. @default false: Sonixy's frontend never gets a second token */
  readonly closeAtExpiry?: { readonly notifications?: boolean; readonly chat?: boolean; readonly socketIo?: boolean };
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
};

/** One worker's sockets, on somebody else's HTTP server. */
export interface HubSockets {
  /** Takes hub paths and `/socket.io` on requests and upgrades; all else stays with the listeners that `server` has now. */
  attach(server: Server): void;
  /** Whether the request is ours; if so it will be answered. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean;
  readonly connections: number;
  readonly draining: boolean;
  /** The service behind `source` did not answer the last read. */
  readonly sourceFailing: boolean;
  /** The one behind `chatSource` did not. */
  readonly chatSourceFailing: boolean;
  /** Lets nobody in any more and tells everybody to reconnect, spread over `drainWindowMs`. Resolves when all are gone, or `closeWaitMs` after the window. */
  drain(): Promise<void>;
  /** Ends what is left. */
  close(): Promise<void>;
}

export function createHubSockets(options: HubSocketsOptions): HubSockets {
  const { verifier, origins, clock, log, closeAtExpiry = {} } = options;
  const perMinute = defaultMessagesPerMinute[options.chatSource ? 'withChat' : 'withoutChat'];
  const limits = { ...defaultHubLimits, maxMessagesPerMinute: perMinute, ...options.limits };
  const { maxMessagesPerMinute } = limits;
  const hub = new Hub({ ...options, limits });
  const sealer = createSealer(options.idKeys);
  const mark = new PassingMark(sealer, clock);
  const forwarder = options.worker.address === undefined ? undefined : forwarderOf(options, mark);
  const signalR = createSignalRServer<HubIdentity>({
    keys: options.idKeys,
    worker: options.worker,
    forward: forwarder?.forward,
    clock,
    limits: { maxMessagesPerMinute },
    onError: (error, where) => log.error({ err: error, ...where }, 'a hub call failed'),
  });
  const common = { hub, verifier, origins };
  signalR.mapHub(
    hubPaths.notifications,
    notificationsHub({ ...common, closeAtExpiry: closeAtExpiry.notifications ?? false }),
  );
  if (hub.hasChat) signalR.mapHub(hubPaths.chat, chatHub({ ...common, closeAtExpiry: closeAtExpiry.chat ?? false }));
  const socketIo = createSocketIoEdge({
    ...common,
    log,
    closeAtExpiry: closeAtExpiry.socketIo ?? false,
    maxMessagesPerMinute,
    elsewhere: forwarder && {
      sessions: new SessionIds({ tokens: createConnectionTokens(sealer), worker: options.worker, clock }),
      forward: forwarder.forward,
    },
  });

  const keepAlive = new KeepAlive();
  const addresses = options.addresses && new AddressLimits({ ...options, ...options.addresses, mark });

  const handleRequest = (request: IncomingMessage, response: ServerResponse) => {
    keepAlive.track(request, response);
    forwarder?.receive(request, response);
    if (addresses && !addresses.admitRequest(request, response)) return true;
    return signalR.handleRequest(request, response) || socketIo.handleRequest(request, response);
  };
  const handleUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    if (addresses && !addresses.admitUpgrade(request, socket)) return true;
    return signalR.handleUpgrade(request, socket, head) || socketIo.handleUpgrade(request, socket, head);
  };

  return {
    handleRequest,
    attach(server) {
      keepAlive.watch(server);
      addresses?.watch(server);
      takeFirst(server, 'request', handleRequest, (_request, response) => response.writeHead(404).end());
      takeFirst(server, 'upgrade', handleUpgrade, (_request, socket) =>
        socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n'),
      );
    },
    get connections() {
      return hub.connections;
    },
    get draining() {
      return hub.draining;
    },
    get sourceFailing() {
      return hub.sourceFailing;
    },
    get chatSourceFailing() {
      return hub.chatSourceFailing;
    },
    drain() {
      const { drainWindowMs: windowMs, closeWaitMs } = limits;
      const drained = Promise.all([hub.drain(), forwarder?.drain({ windowMs, closeWaitMs })]);
      keepAlive.end();
      return drained.then(() => {});
    },
    async close() {
      forwarder?.close();
      await hub.close();
      socketIo.close();
      await signalR.close();
    },
  };
}

function forwarderOf({ worker, addresses, clock, metrics }: HubSocketsOptions, mark: PassingMark): Forwarder {
  const proxies = addresses?.proxies;
  return new Forwarder({
    workerId: worker.id,
    mark,
    clientAddress: (request) => (proxies ? clientAddress(request, proxies) : peerAddress(request)),
    limits: { ...defaultForwardTimeouts, maxBodyBytes: defaultSignalRLimits.maxPostBytes },
    clock,
    metrics,
  });
}

/** Puts `handle` before the listeners of an event; what it does not take goes to them, or to `otherwise` where there are none. */
function takeFirst<Args extends [IncomingMessage, ...unknown[]]>(
  server: Server,
  event: 'request' | 'upgrade',
  handle: (...args: Args) => boolean,
  otherwise: (...args: Args) => void,
): void {
  const others = server.rawListeners(event);
  server.removeAllListeners(event);
  server.on(event, (...args: unknown[]) => {
    const known = args as Args;
    if (handle(...known)) return;
    if (others.length === 0) otherwise(...known);
    for (const other of others) Reflect.apply(other, server, known);
  });
}
