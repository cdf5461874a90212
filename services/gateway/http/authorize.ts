import type { IncomingMessage } from 'node:http';
import type { Principal } from '#shared/auth/principal.ts';
import { bearerToken, hubToken } from '#shared/auth/token-places.ts';
import type { TokenVerifier } from '#shared/auth/token-verifier.ts';
import { unauthorized } from '#shared/auth/unauthorized.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import { hasParameter, pathOf, type Route } from '../routes.ts';

/** Who asks, or why the gateway can't tell and leaves it to the hub. */
export type Caller =
  | { readonly kind: 'user'; readonly principal: Principal }
  /** A request of a hub connection that exists, with a token that does not pass any more: the hub lets it live on. */
  | { readonly kind: 'session' }
  /** socket.io sends its token inside the connection: the hub ends those that bring none. */
  | { readonly kind: 'socket' };

/**
 * Verifies the token before anything else is done for a request. `access_token` in the query counts on hub paths only,
 * and a token in the header decides over it.
 *
 * @throws PlatformError `unauthorized`, or `unavailable` while the keys could never be had
 */
export async function authorize(request: IncomingMessage, route: Route, verifier: TokenVerifier): Promise<Caller> {
  const token = route.kind === 'signalr' ? hubToken(request) : bearerToken(request.headers);
  if (token === undefined) {
    if (route.kind === 'socket.io') return { kind: 'socket' };
    throw unauthorized();
  }
  try {
    return { kind: 'user', principal: await verifier.verify(token) };
  } catch (error) {
    if (isUnauthorized(error) && route.kind === 'signalr' && isOfSession(request)) return { kind: 'session' };
    throw error;
  }
}

/** Whether a request on a hub path begins a connection, negotiates one included. */
export function beginsConnection(request: IncomingMessage, route: Route): boolean {
  const target = request.url ?? '';
  if (route.kind === 'socket.io') return !hasParameter(target, 'sid');
  return isNegotiate(target) || !hasParameter(target, 'id');
}

export function isUnauthorized(error: unknown): boolean {
  return error instanceof PlatformError && error.code === 'unauthorized';
}

function isOfSession(request: IncomingMessage): boolean {
  const target = request.url ?? '';
  return request.headers.upgrade === undefined && !isNegotiate(target) && hasParameter(target, 'id');
}

function isNegotiate(target: string): boolean {
  return /\/negotiate\/*$/i.test(pathOf(target));
}
