import type { IncomingHttpHeaders } from 'node:http';

export function bearerToken({ authorization }: IncomingHttpHeaders): string | undefined {
  return authorization === undefined ? undefined : /^Bearer ([^\s]+)$/i.exec(authorization)?.[1];
}

/** For hub routes only, since browsers cannot set headers on WebSockets: the header, else the query's `access_token`. */
export function hubToken(request: {
  readonly headers: IncomingHttpHeaders;
  readonly url?: string | undefined;
}): string | undefined {
  if (request.headers.authorization !== undefined) return bearerToken(request.headers);
  const query = request.url?.indexOf('?') ?? -1;
  if (query < 0) return undefined;
  return new URLSearchParams(request.url?.slice(query + 1)).get('access_token') ?? undefined;
}

/** A URL as a log may hold it: without its query, which may carry a token. */
export function redactUrl(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : `${url.slice(0, query)}?…`;
}
