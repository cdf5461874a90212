import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { ForwardOutcome } from './forward.ts';

export type Answer = {
  readonly status: number;
  /** @default text/plain */
  readonly type?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
};

export const connectionIdRequired: Answer = { status: 400, body: 'Connection ID required' };
export const noSuchConnection: Answer = { status: 404, body: 'No Connection with that ID' };
export const cannotChangeTransport: Answer = { status: 400, body: 'Cannot change transports mid-connection' };
export const postToWebSocket: Answer = {
  status: 405,
  body: 'POST requests are not allowed for WebSocket connections.',
};
export const cannotDelete: Answer = {
  status: 400,
  body: 'Cannot terminate this connection using the DELETE endpoint.',
};

/** What is said when another worker did not. */
export const unforwarded: Readonly<Record<Exclude<ForwardOutcome, 'answered'>, Answer>> = {
  gone: noSuchConnection,
  too_large: { status: 413 },
  broken: noSuchConnection,
  silent: { status: 504 },
  // Nobody hears it.
  left: { status: 400 },
};

export const noCache = {
  'cache-control': 'no-cache, no-store',
  pragma: 'no-cache',
  expires: 'Thu, 01 Jan 1970 00:00:00 GMT',
};

export function overloaded(retryAfterSeconds: number): Answer {
  const seconds = Math.max(1, Math.ceil(retryAfterSeconds));
  return { status: 503, body: 'Server is full', headers: { 'retry-after': String(seconds) } };
}

/** What an error of the hub's `authorize` says to the client: its status alone. */
export function refusal(error: unknown): Answer {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  const known = typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599;
  return { status: known ? status : 500 };
}

/** Does nothing once an answer has begun or the client has gone. */
export function answer(
  response: ServerResponse,
  { status, type = 'text/plain', body = '', headers = {} }: Answer,
): void {
  if (response.headersSent || response.destroyed) return;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.setHeader('x-content-type-options', 'nosniff');
  if (status !== 204) response.setHeader('content-type', type).setHeader('content-length', Buffer.byteLength(body));
  response.writeHead(status).end(status === 204 ? undefined : body);
}

/** Answers an upgrade request that does not become a WebSocket, and closes its socket. */
export function answerUpgrade(socket: Duplex, { status, type = 'text/plain', body = '', headers = {} }: Answer): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`];
  const all = { ...headers, connection: 'close', 'content-type': type, 'content-length': Buffer.byteLength(body) };
  for (const [name, value] of Object.entries(all)) lines.push(`${name}: ${value}`);
  socket.once('finish', () => socket.destroy());
  socket.end(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

/** Answers without reading a body that is still coming: the connection cannot be used again. */
export function answerUnread(request: IncomingMessage, response: ServerResponse, it: Answer): void {
  const headers: Record<string, string> = request.complete ? {} : { connection: 'close' };
  answer(response, { ...it, headers: { ...it.headers, ...headers } });
}
