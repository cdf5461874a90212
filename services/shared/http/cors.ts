import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OriginPolicy } from '#shared/auth/origin-policy.ts';

const methods = 'GET, POST, PUT, DELETE, OPTIONS';
const exposed =
  'X-Correlation-Id, Retry-After, WWW-Authenticate, X-Next-Before, X-Next-After, RateLimit, RateLimit-Policy';
const preflightMaxAgeSeconds = 600;

/** What a listener does next: nothing is left to do for a preflight that was answered, a foreign one is to be refused. */
export type CorsOutcome = 'continue' | 'answered' | 'refused';

/**
 * CORS with credentials by allowlist: a listed Origin is echoed exactly, any other gets no header and so no browser reads
 * the answer. Preflights of listed origins are answered with 204.
 */
export function applyCors(request: IncomingMessage, response: ServerResponse, origins: OriginPolicy): CorsOutcome {
  response.appendHeader('Vary', 'Origin');
  const { origin } = request.headers;
  if (origin === undefined) return 'continue';
  const preflight = request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined;
  if (!origins.allows(origin)) return preflight ? 'refused' : 'continue';
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Allow-Credentials', 'true');
  if (!preflight) {
    response.setHeader('Access-Control-Expose-Headers', exposed);
    return 'continue';
  }
  response.appendHeader('Vary', 'Access-Control-Request-Headers');
  response.setHeader('Access-Control-Allow-Methods', methods);
  const wanted = request.headers['access-control-request-headers'];
  if (wanted !== undefined && /^[\w!#$%&'*+.^`|~, -]{1,1024}$/.test(wanted)) {
    response.setHeader('Access-Control-Allow-Headers', wanted);
  }
  response.setHeader('Access-Control-Max-Age', preflightMaxAgeSeconds);
  response.writeHead(204).end();
  return 'answered';
}
