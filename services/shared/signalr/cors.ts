import type { IncomingMessage } from 'node:http';

const clientHeaders = 'authorization, content-type, x-requested-with, x-signalr-user-agent';

/**
 * What stock clients need, which send credentials by default: the exact origin, never `*`. Headers that a preflight asks
 * for are allowed. Nothing for an origin that `allows` refuses: the browser then stops the page.
 */
export function corsHeaders(request: IncomingMessage, allows: (origin: string) => boolean): Record<string, string> {
  const origin = request.headers.origin;
  if (origin === undefined || !allows(origin)) return { vary: 'Origin' };
  const headers = {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    'access-control-allow-credentials': 'true',
  };
  if (request.method !== 'OPTIONS') return headers;
  const asked = request.headers['access-control-request-headers'];
  return {
    ...headers,
    'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
    'access-control-allow-headers':
      asked && /^[\w\-, ]{1,1024}$/.test(asked) ? `${clientHeaders}, ${asked}` : clientHeaders,
    'access-control-max-age': '600',
  };
}
