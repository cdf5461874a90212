import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { PlatformError } from '#shared/contract/errors.ts';

export type Origin = {
  readonly address: string;
  readonly correlationId: string;
  readonly fromTrustedProxy: boolean;
};

/** A WebSocket keeps what asks for it. */
export type RewriteOptions = { readonly upgrade?: 'websocket' };

const words = (text: string) => text.trim().split(/\s+/);

/** What belongs to one connection only (RFC 9110, 7.6.1), and what our own server has answered already. */
const hopByHop = words('connection proxy-connection keep-alive te trailer upgrade proxy-authorization expect');

/** Framing and identity can't be taken from a request by naming them in `Connection`. */
const neverHopByHop = new Set(words('content-length transfer-encoding host authorization origin cookie'));

/**
 * Headers, and all that begin with one of them and a dash, by which some server takes the word of a proxy in front of it:
 * who the user is, where the request comes from, or what it really asks for.
 */
const claims = words(`
  x-user x-userid x-username x-auth x-authenticated x-authorization x-identity x-principal x-subject x-sub x-claim x-claims x-jwt x-token
  x-role x-roles x-group x-groups x-scope x-scopes x-permissions x-tenant x-account x-member x-remote remote user-id userid
  x-forwarded forwarded via x-real x-client-ip x-client-id x-client-cert x-client-dn x-client-verify client clientid true-client x-cluster
  cf fastly x-envoy x-amzn x-ms-client x-goog x-ssl x-tls ssl tls proxy
  x-original x-rewrite x-http-method x-method x-host x-url x-internal x-request-id
`);

/**
 * Makes the headers of a client those of the gateway: no claims about who or where the client is but our own.
 *
 * @throws PlatformError `bad_request` for framing that could be read in two ways
 */
export function rewriteRequestHeaders(
  request: IncomingMessage,
  origin: Origin,
  { upgrade }: RewriteOptions = {},
): void {
  const { headers } = request;
  const encoding = headers['transfer-encoding'];
  if (encoding !== undefined && (encoding.toLowerCase() !== 'chunked' || headers['content-length'] !== undefined)) {
    throw new PlatformError('bad_request', 'the length of the body must be told in one way');
  }
  const forwarded = forwardedHeaders(request, origin);
  for (const token of (headers.connection ?? '').toLowerCase().split(',')) {
    const name = token.trim();
    if (neverHopByHop.has(name)) throw new PlatformError('bad_request', `the header Connection must not name ${name}`);
    delete headers[name];
  }
  for (const name of Object.keys(headers)) {
    if (isClaim(name)) delete headers[name];
  }
  for (const name of hopByHop) delete headers[name];
  Object.assign(headers, forwarded, { 'x-correlation-id': origin.correlationId });
  if (upgrade !== undefined) Object.assign(headers, { connection: 'Upgrade', upgrade });
}

/** Whether a client could pretend by a header of that name. Underscores are dashes to CGI and WSGI. */
function isClaim(name: string): boolean {
  return name.includes('_') || claims.some((claim) => name === claim || name.startsWith(`${claim}-`));
}

function forwardedHeaders(request: IncomingMessage, { address, fromTrustedProxy }: Origin): IncomingHttpHeaders {
  const { headers, socket } = request;
  const own = {
    'x-forwarded-for': address,
    'x-forwarded-proto': 'encrypted' in socket && socket.encrypted ? 'https' : 'http',
    'x-forwarded-host': headers.host ?? '',
  };
  if (!fromTrustedProxy) return own;
  const proto = headers['x-forwarded-proto'];
  const host = headers['x-forwarded-host'];
  return {
    ...own,
    ...(proto === 'https' || proto === 'http' ? { 'x-forwarded-proto': proto } : {}),
    ...(typeof host === 'string' ? { 'x-forwarded-host': host } : {}),
  };
}
