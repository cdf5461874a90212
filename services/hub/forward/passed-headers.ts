import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';

/** What a worker reads of a client's request; all else stays here, so that nothing can be claimed by way of us. */
const passed = ['accept', 'authorization', 'content-type', 'origin', 'user-agent'] as const;

/** Of one connection only (RFC 9110, 7.6.1), and what our own server says itself. */
const ofOneConnection = new Set([
  ...['connection', 'proxy-connection', 'keep-alive', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
  ...['proxy-authenticate', 'date'],
]);

export function requestHeaders(request: IncomingMessage): OutgoingHttpHeaders {
  const { headers } = request;
  const own: OutgoingHttpHeaders = {};
  for (const name of passed) {
    if (headers[name] !== undefined) own[name] = headers[name];
  }
  if (hasBody(request) && headers['content-length'] !== undefined) own['content-length'] = headers['content-length'];
  return own;
}

/** Without those of one connection, and without what workers tell each other. */
export function answerHeaders({ headers }: { readonly headers: IncomingHttpHeaders }): OutgoingHttpHeaders {
  const named = (headers.connection ?? '').toLowerCase().split(/ *, */);
  return Object.fromEntries(
    Object.entries(headers).filter(
      ([name]) => !ofOneConnection.has(name) && !named.includes(name) && !name.startsWith('x-internal-'),
    ),
  );
}

export function hasBody({ method, headers }: IncomingMessage): boolean {
  if (method !== 'POST') return false;
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}
