import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Server, type Socket } from 'socket.io';
import type { OriginPolicy } from '#shared/auth/origin-policy.ts';
import type { Principal } from '#shared/auth/principal.ts';
import { bearerToken } from '#shared/auth/token-places.ts';
import type { TokenVerifier } from '#shared/auth/token-verifier.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import { notificationStream } from '#shared/contract/ids.ts';
import { serverMethods, socketIoPath } from '#shared/contract/names.ts';
import { applyCors } from '#shared/http/cors.ts';
import type { Hub } from '#shared/hub/hub.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { Forward } from '#shared/signalr/index.ts';
import { chatMethods } from './chat-methods.ts';
import { type Refusal, refuse, refuseUnforwarded, refuseUpgrade } from './refuse.ts';
import type { SessionIds } from './session-ids.ts';
import { SocketIoClient } from './socket-io-client.ts';

export type SocketIoOptions = {
  readonly hub: Hub;
  readonly verifier: TokenVerifier;
  readonly origins: OriginPolicy;
  readonly log: Logger;
  readonly closeAtExpiry: boolean;
  /** Of one connection; more ends it. */
  readonly maxMessagesPerMinute: number;
  /** How polls reach the worker that they began at. @default elsewhere their session is unknown */
  readonly elsewhere?: { readonly sessions: SessionIds; readonly forward: Forward } | undefined;
};

/** Stock socket.io on `/socket.io`, namespace `/`. */
export interface SocketIoEdge {
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean;
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  close(): void;
}

type EngineRequest = Parameters<Server['engine']['handleRequest']>[0];
type SocketData = { principal: Principal };
type HubSocket = Socket<
  Record<string, (...args: unknown[]) => void>,
  Record<string, never>,
  Record<string, never>,
  SocketData
>;

export function createSocketIoEdge(options: SocketIoOptions): SocketIoEdge {
  const { hub, origins, log, elsewhere } = options;
  const io = new Server<
    Record<string, (...args: unknown[]) => void>,
    Record<string, never>,
    Record<string, never>,
    SocketData
  >({
    path: socketIoPath,
    serveClient: false,
    maxHttpBufferSize: 64 * 1024,
    perMessageDeflate: false,
    httpCompression: false,
    connectTimeout: 10_000,
  });
  // Requests come from our own dispatch: it must see them first, and engine.io would take over a server's listeners.
  io.attach(createServer());
  if (elsewhere) io.engine.generateId = () => elsewhere.sessions.make();
  io.use((socket, next) => void admitSocket(socket, next, options));
  io.on('connection', (socket) => serveSocket(socket, options));

  /** Why a request must not reach the library; a request with a session id belongs to a client that was let in. */
  async function refusal(request: IncomingMessage): Promise<Refusal | undefined> {
    if (!origins.allows(request.headers.origin)) return { status: 403 };
    if (new URLSearchParams(request.url?.split('?')[1]).has('sid')) return undefined;
    const answer = await hub.admit();
    return answer.ok ? undefined : { status: 503, retryAfterSeconds: answer.retryAfterSeconds };
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refused = await refusal(request);
    if (refused) return refuse(response, refused);
    const owner = elsewhere?.sessions.otherOwner(request);
    const outcome = owner && (await elsewhere?.forward(owner, request, response));
    if (outcome === undefined) io.engine.handleRequest(request as EngineRequest, response);
    else if (outcome !== 'answered') refuseUnforwarded(request, response, outcome);
  }

  return {
    handleRequest(request, response) {
      if (!isOurs(request)) return false;
      const cors = applyCors(request, response, origins);
      if (cors === 'answered') return true;
      serve(request, response).catch((error: unknown) => {
        log.error({ err: error }, 'a socket.io request failed');
        response.writeHead(500).end();
      });
      return true;
    },

    handleUpgrade(request, socket, head) {
      if (!isOurs(request)) return false;
      // Until the library takes over nobody else listens, and an error without a listener would end the process.
      socket.on('error', () => {});
      refusal(request).then(
        (refused) => {
          if (socket.destroyed) return;
          if (refused) refuseUpgrade(socket, refused);
          else io.engine.handleUpgrade(request as EngineRequest, socket, head);
        },
        (error: unknown) => {
          log.error({ err: error }, 'a socket.io upgrade failed');
          socket.destroy();
        },
      );
      return true;
    },

    close: () => io.engine.close(),
  };
}

function isOurs({ url = '' }: IncomingMessage): boolean {
  const path = url.split('?', 1)[0];
  return path === socketIoPath || path === `${socketIoPath}/`;
}

async function admitSocket(
  socket: HubSocket,
  next: (error?: Error) => void,
  { verifier, hub, log }: SocketIoOptions,
): Promise<void> {
  try {
    const principal = await verifier.verify(tokenOf(socket));
    await hub.checkUser(principal.user);
    await hub.prepare([notificationStream(principal.user)], principal.user);
    socket.data.principal = principal;
    next();
  } catch (error) {
    if (error instanceof PlatformError && !(error.status >= 500)) {
      next(Object.assign(new Error(error.message), { data: { code: error.code } }));
      return;
    }
    // A stock client tries again after a lost transport, never after a refused CONNECT.
    log.warn({ err: error }, 'a socket.io client could not be verified now');
    socket.conn.close();
  }
}

/** From `auth.token`, else the `Authorization` header; the query is not read: it ends in logs. */
function tokenOf({ handshake }: HubSocket): string {
  const token: unknown = handshake.auth['token'] ?? bearerToken(handshake.headers);
  return typeof token === 'string' ? token : '';
}

function serveSocket(socket: HubSocket, { hub, log, closeAtExpiry, maxMessagesPerMinute }: SocketIoOptions): void {
  const { principal } = socket.data;
  const stream = notificationStream(principal.user);
  const client = new SocketIoClient(socket, principal);
  const membership = hub.join(client, { streams: [stream], chat: true, closeAtExpiry });
  socket.conn.on('upgrade', () => membership.transportChanged());
  socket.on('disconnect', (reason) => membership.leave(reason));
  limitRate(socket, maxMessagesPerMinute);
  const serve = (event: string, method: (argument: unknown) => unknown) =>
    socket.on(event, (argument, acknowledge) => void answerCall(() => method(argument), acknowledge, log));
  serve(serverMethods.subscribe, (cursor) => membership.subscribe(stream, cursor));
  if (!hub.hasChat) return;
  for (const [event, method] of Object.entries(chatMethods)) {
    serve(event, (argument) => method(membership, argument));
  }
}

async function answerCall(method: () => unknown, acknowledge: unknown, log: Logger): Promise<void> {
  const answer = typeof acknowledge === 'function' ? acknowledge : () => {};
  try {
    answer((await method()) ?? null);
  } catch (error) {
    const known = error instanceof PlatformError ? error : new PlatformError('internal', 'the call failed');
    if (!(error instanceof PlatformError)) log.error({ err: error }, 'a socket.io call failed');
    answer({ error: known.message, code: known.code });
  }
}

function limitRate(socket: HubSocket, perMinute: number): void {
  let windowEnds = 0;
  let count = 0;
  socket.onAny(() => {
    const now = Date.now();
    if (now >= windowEnds) {
      windowEnds = now + 60_000;
      count = 0;
    }
    count += 1;
    if (count > perMinute) socket.disconnect(true);
  });
}
