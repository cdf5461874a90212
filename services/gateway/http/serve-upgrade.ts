import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { redactUrl } from '#shared/auth/token-places.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import { addressKey } from '#shared/http/client-address.ts';
import { holdSockets } from '../proxy/held-connections.ts';
import { rewriteRequestHeaders } from '../proxy/request-headers.ts';
import type { Upstream } from '../proxy/upstream.ts';
import { ClientGone, UpstreamFailure } from '../proxy/upstream-failure.ts';
import { answerUpgradeError } from './answer-error.ts';
import { beginExchange, type Exchange } from './exchange.ts';
import { stopping } from './retry-later.ts';
import { requireUpstream, type ServeContext } from './serve-request.ts';

/** Forwards a WebSocket, or answers why not. */
export async function serveUpgrade(
  request: IncomingMessage,
  socket: Socket,
  head: Buffer,
  context: ServeContext,
): Promise<void> {
  const exchange = beginExchange(request, context);
  // Until somebody else listens an error would end the process.
  socket.on('error', () => {});
  const refuse = (error: unknown) => {
    if (error instanceof ClientGone) socket.destroy();
    else answerUpgradeError(request, socket, error, exchange, context);
  };
  try {
    context.connections.requireSocket(request);
    socket.once('close', context.connections.hold(exchange.address));
    const upstream = await admit(request, exchange, context);
    await pass(request, socket, head, upstream, exchange, context, refuse);
  } catch (error) {
    // A failed attempt was answered when it failed.
    if (!(error instanceof UpstreamFailure)) refuse(error);
  }
}

async function admit(request: IncomingMessage, exchange: Exchange, context: ServeContext): Promise<Upstream> {
  const { origins, gate, held } = context;
  const { route, upstream } = requireUpstream(exchange, context);
  if (route.kind === 'rest' || request.method !== 'GET') {
    throw new PlatformError('bad_request', 'there are no WebSockets at this path');
  }
  if (!origins.allows(request.headers.origin)) throw new PlatformError('forbidden', 'this origin is not allowed');
  if (held.draining) throw stopping();
  await gate.admit(request, route, addressKey(exchange.address));
  rewriteRequestHeaders(request, exchange, { upgrade: 'websocket' });
  return upstream;
}

async function pass(
  request: IncomingMessage,
  client: Socket,
  head: Buffer,
  upstream: Upstream,
  exchange: Exchange,
  { passOn, held, log, metrics }: ServeContext,
  refuse: (error: unknown) => void,
): Promise<void> {
  if (client.destroyed) return;
  const { correlationId, route } = exchange;
  const startedAt = performance.now();
  const service = await passOn.upgrade(request, client, head, upstream, refuse);
  if (!service) return;
  metrics.requests.inc({ route: route?.name ?? 'none', status: '1xx' });
  const entry = holdSockets(client, service, upstream.silenceTimeoutMs);
  held.add(entry);
  const url = redactUrl(request.url ?? '');
  log.info({ correlationId, url }, 'socket opened');
  client.once('close', () => {
    held.remove(entry);
    log.info({ correlationId, url, ms: Math.round(performance.now() - startedAt) }, 'socket closed');
  });
}
