import type { IncomingHttpHeaders } from 'node:http';

/** The token of `Authorization: Bearer …`, the only place on REST routes. */
export function bearerToken(headers: IncomingHttpHeaders): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(headers.authorization ?? '')?.[1];
}

/**
 * Hub routes only: browsers can't set headers on a WebSocket, so clients put the token into the query as `access_token`.
 * The header wins; a parameter that comes twice counts as none.
 */
export function hubToken(request: { headers: IncomingHttpHeaders; url?: string | undefined }): string | undefined {
  const fromHeader = bearerToken(request.headers);
  if (fromHeader !== undefined) return fromHeader;
  const queryStart = request.url?.indexOf('?') ?? -1;
  if (queryStart < 0) return undefined;
  const values = new URLSearchParams(request.url?.slice(queryStart)).getAll('access_token');
  return values.length === 1 ? values[0] || undefined : undefined;
}

const maxLoggedLength = 512;

/** What may be written to a log: the path, without query, fragment, user info or anything that looks like a JWT. */
export function redactUrl(url: string): string {
  return url
    .replace(/[?#].*$/s, '')
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/]*@/i, '$1')
    .replace(/eyJ[\w-]*\.[\w-]+(\.[\w-]*)?/g, '[token]')
    .slice(0, maxLoggedLength);
}
