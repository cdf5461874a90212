import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ForwardOutcome } from '#shared/signalr/index.ts';

/** A status says it all: nobody reads a body here. */
export type Refusal = { readonly status: 403 | 404 | 413 | 429 | 503 | 504; readonly retryAfterSeconds?: number };

export function refuse(response: ServerResponse, { status, retryAfterSeconds }: Refusal): void {
  if (retryAfterSeconds !== undefined) response.setHeader('Retry-After', retryAfterSeconds);
  response.writeHead(status, { 'Content-Length': 0 }).end();
}

/** The same for an upgrade, of which there is only the socket. */
export function refuseUpgrade(socket: Duplex, { status, retryAfterSeconds }: Refusal): void {
  const retry = retryAfterSeconds === undefined ? '' : `Retry-After: ${retryAfterSeconds}\r\n`;
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n${retry}\r\n`);
}

const unforwarded = { gone: 404, too_large: 413, broken: 404, silent: 504 } as const;

/** What another worker should have answered and did not. */
export function refuseUnforwarded(
  request: IncomingMessage,
  response: ServerResponse,
  outcome: Exclude<ForwardOutcome, 'answered'>,
): void {
  if (outcome === 'left') return;
  // The rest of its body makes the connection useless.
  if (!request.complete) response.setHeader('Connection', 'close');
  refuse(response, { status: unforwarded[outcome] });
}
