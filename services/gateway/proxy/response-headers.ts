import type { IncomingHttpHeaders, ServerResponse } from 'node:http';

const hopByHop = ['proxy-connection', 'keep-alive', 'te', 'trailer', 'upgrade', 'proxy-authenticate'];

/** What the gateway says itself: the word of a service does not replace it. */
const ours = ['x-correlation-id', 'ratelimit', 'ratelimit-policy', 'server', 'x-powered-by'];

/** Makes the headers of a service's answer those of the gateway's, before they are copied to `response`. */
export function rewriteResponseHeaders(headers: IncomingHttpHeaders, response: ServerResponse, close: boolean): void {
  for (const token of (headers.connection ?? '').toLowerCase().split(',')) {
    const name = token.trim();
    if (name !== 'transfer-encoding' && name !== 'content-length') delete headers[name];
  }
  for (const name of [...hopByHop, ...ours]) delete headers[name];
  for (const name of Object.keys(headers)) {
    if (name.startsWith('access-control-')) delete headers[name];
  }
  const vary = response.getHeader('Vary');
  if (vary !== undefined && headers.vary !== undefined) headers.vary = mergedVary(String(vary), headers.vary);
  headers.connection = close || !response.shouldKeepAlive ? 'close' : 'keep-alive';
}

function mergedVary(...values: string[]): string {
  const names = values.flatMap((value) => value.split(',')).map((name) => name.trim());
  return [...new Map(names.map((name) => [name.toLowerCase(), name])).values()].join(', ');
}
