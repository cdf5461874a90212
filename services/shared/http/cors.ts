import type { RequestHandler } from 'express';
import type { OriginPolicy } from '#shared/auth/origin-policy.ts';

const allowedMethods = 'GET, POST, PUT, DELETE, OPTIONS';
const allowedHeaders =
  'authorization, content-type, x-requested-with, x-signalr-user-agent, x-correlation-id, cache-control, pragma';

/** What a browser at `origin` is told; nothing when it is not on the list, so that the browser refuses. */
export function corsHeaders(origins: OriginPolicy, origin: string | undefined): Record<string, string> {
  if (origin === undefined || !origins.allows(origin)) return { Vary: 'Origin' };
  return {
    Vary: 'Origin',
    'Access-Control-Allow-Origin': origin,
    'Access-Control-Allow-Credentials': 'true',
    'Access-Control-Allow-Methods': allowedMethods,
    'Access-Control-Allow-Headers': allowedHeaders,
    'Access-Control-Expose-Headers': 'X-Correlation-Id, Retry-After',
    'Access-Control-Max-Age': '600',
  };
}

/** CORS by exact allowlist, with credentials; answers preflights. */
export function corsByAllowlist(origins: OriginPolicy): RequestHandler {
  return (request, response, next) => {
    response.set(corsHeaders(origins, request.get('origin')));
    if (request.method === 'OPTIONS') response.status(204).end();
    else next();
  };
}
