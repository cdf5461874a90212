import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ApiDocs } from '#shared/api-docs/serve-api-docs.ts';
import type { OriginPolicy } from '#shared/auth/origin-policy.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import { addressKey } from '#shared/http/client-address.ts';
import type { ConnectionLimits } from '#shared/http/connection-limits.ts';
import { correlationHeader } from '#shared/http/correlation-id.ts';
import { applyCors } from '#shared/http/cors.ts';
import { hasBody, tooLarge } from '../proxy/attempt.ts';
import type { HeldConnections } from '../proxy/held-connections.ts';
import type { PassOn } from '../proxy/pass-on.ts';
import { rewriteRequestHeaders } from '../proxy/request-headers.ts';
import type { Upstream } from '../proxy/upstream.ts';
import { ClientGone } from '../proxy/upstream-failure.ts';
import type { Route, ServiceName } from '../routes.ts';
import { answerError } from './answer-error.ts';
import { beginsConnection } from './authorize.ts';
import { beginExchange, type Exchange, type ExchangeContext, watchAnswer } from './exchange.ts';
import type { Gate } from './gate.ts';
import { stopping } from './retry-later.ts';

export type ServeContext = ExchangeContext & {
  /** Answers what needs no service and no token. */
  readonly docs?: ApiDocs | undefined;
  readonly origins: OriginPolicy;
  readonly gate: Gate;
  readonly upstreams: Readonly<Partial<Record<ServiceName, Upstream>>>;
  readonly passOn: PassOn;
  readonly held: HeldConnections;
  readonly connections: ConnectionLimits;
  readonly maxBodyBytes: number;
};

const methods: Record<Route['kind'], readonly string[]> = {
  rest: ['DELETE', 'GET', 'HEAD', 'POST', 'PUT'],
  signalr: ['DELETE', 'GET', 'OPTIONS', 'POST'],
  'socket.io': ['GET', 'OPTIONS', 'POST'],
};

/** Answers one request, in whatever way it goes. */
export async function serveRequest(
  request: IncomingMessage,
  response: ServerResponse,
  context: ServeContext,
): Promise<void> {
  const exchange = beginExchange(request, context);
  watchAnswer(request, response, exchange, context);
  response.setHeader(correlationHeader, exchange.correlationId);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cache-Control', 'no-store');
  try {
    await serve(request, response, exchange, context);
  } catch (error) {
    if (error instanceof ClientGone) response.destroy();
    else answerError(request, response, error, exchange, context);
  }
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  exchange: Exchange,
  context: ServeContext,
): Promise<void> {
  const { gate, origins, connections, maxBodyBytes } = context;
  const cors = applyCors(request, response, origins);
  if (cors === 'answered') return;
  if (cors === 'refused') throw new PlatformError('forbidden', 'this origin is not allowed');
  connections.requireSocket(request, response);
  if (context.docs?.(request, response)) return;
  const { route, upstream } = requireUpstream(exchange, context);
  requireMethod(request, response, route);
  if (route.kind !== 'rest') requireHubRequest(request, origins);
  const caller = await gate.admit(request, route, addressKey(exchange.address), response);
  // Its `close` has passed: nobody would end what is begun for it now.
  if (response.destroyed) throw new ClientGone('the client is gone');
  if (Number(request.headers['content-length'] ?? 0) > maxBodyBytes) throw tooLarge();
  // Only now: whoever asks first has sent no body yet.
  if (request.headers.expect !== undefined && hasBody(request)) response.writeContinue();
  rewriteRequestHeaders(request, exchange);
  if (caller.kind !== 'user') countRefusals(response, exchange, gate);
  if (route.kind !== 'rest' && request.method === 'GET') await passHeld(request, response, exchange, upstream, context);
  else await context.passOn.web(request, response, upstream, { maxBodyBytes });
}

/** @throws PlatformError `not_found` */
export function requireUpstream(
  { route }: Exchange,
  { upstreams }: Pick<ServeContext, 'upstreams'>,
): { route: Route; upstream: Upstream } {
  if (!route) throw new PlatformError('not_found', 'there is nothing at this path');
  const upstream = upstreams[route.service];
  if (!upstream) throw new PlatformError('not_found', `the gateway knows no ${route.service} service`);
  return { route, upstream };
}

function requireMethod({ method = '' }: IncomingMessage, response: ServerResponse, { kind }: Route): void {
  if (methods[kind].includes(method)) return;
  response.setHeader('Allow', methods[kind].join(', '));
  throw new PlatformError('method_not_allowed', `this path takes ${methods[kind].join(', ')}`);
}

function requireHubRequest({ headers }: IncomingMessage, origins: OriginPolicy): void {
  // On every way into a hub: CORS alone would let the request itself happen.
  if (!origins.allows(headers.origin)) throw new PlatformError('forbidden', 'this origin is not allowed');
  if (headers['sec-websocket-key'] !== undefined) {
    throw new PlatformError('bad_request', 'the Upgrade header did not arrive: a proxy on the way must pass it on');
  }
}

/** Who shows nothing that the gateway can verify is counted when the hub refuses it. */
function countRefusals(response: ServerResponse, { address }: Exchange, gate: Gate): void {
  response.once('finish', () => {
    if ([400, 401, 403].includes(response.statusCode)) void gate.refusedBehind(addressKey(address));
  });
}

/** A poll or a stream: open for as long as the client likes, and ended by a drain. */
async function passHeld(
  request: IncomingMessage,
  response: ServerResponse,
  { route, address }: Exchange,
  upstream: Upstream,
  context: ServeContext,
): Promise<void> {
  const { passOn, held, connections, maxBodyBytes } = context;
  if (held.drained) throw stopping();
  response.once('close', connections.hold(address));
  const ending = new AbortController();
  const entry = { end: () => ending.abort(stopping()) };
  held.add(entry);
  response.once('close', () => held.remove(entry));
  const heldForLong = route !== undefined && !beginsConnection(request, route);
  await passOn.web(request, response, upstream, { maxBodyBytes, signal: ending.signal, heldForLong });
}
