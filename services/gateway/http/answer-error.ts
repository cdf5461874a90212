import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { redactUrl } from '#shared/auth/token-places.ts';
import { correlationHeader } from '#shared/http/correlation-id.ts';
import { type ErrorAnswer, errorAnswer } from '#shared/http/error-answer.ts';
import { RetryLater } from '#shared/http/retry-later.ts';
import type { Exchange, ExchangeContext } from './exchange.ts';

/** How long a client may go on sending what nobody reads, so that it gets to read the answer instead of a reset. */
const lingerMs = 1_000;

const maxLoggedOrigin = 256;

/** Answers a request that failed, or breaks off an answer that has begun. */
export function answerError(
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
  exchange: Exchange,
  context: ExchangeContext,
): void {
  const answer = report(request, error, exchange, context);
  if (response.destroyed) return;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const body = JSON.stringify(answer.body);
  for (const [name, value] of Object.entries(headersOf(answer, error, exchange))) response.setHeader(name, value);
  if (!request.complete || context.closing()) response.setHeader('Connection', 'close');
  response.writeHead(answer.status, { 'content-length': Buffer.byteLength(body) });
  if (request.method === 'HEAD' || request.complete) response.end(body);
  else endAfter(request, response, body);
}

/** The same for an upgrade, of which there is only the socket. */
export function answerUpgradeError(
  request: IncomingMessage,
  socket: Duplex,
  error: unknown,
  exchange: Exchange,
  context: ExchangeContext,
): void {
  const answer = report(request, error, exchange, context);
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const body = JSON.stringify(answer.body);
  const headers = {
    ...headersOf(answer, error, exchange),
    Connection: 'close',
    'Content-Length': String(Buffer.byteLength(body)),
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${answer.status} ${STATUS_CODES[answer.status]}\r\n${lines.join('')}\r\n${body}`);
}

function report(request: IncomingMessage, error: unknown, exchange: Exchange, context: ExchangeContext): ErrorAnswer {
  const { correlationId, address } = exchange;
  const { log, metrics } = context;
  const answer = errorAnswer(error, correlationId);
  const { code } = answer.body;
  metrics.refused.inc({ code });
  if (code === 'internal') log.error({ err: error, correlationId }, 'request failed');
  // Without a cause it was the circuit that answered, and said so when it opened.
  if (code === 'unavailable' && error instanceof Error && error.cause !== undefined) {
    log.warn({ err: error.cause, correlationId, reason: error.message }, 'a service did not answer');
  }
  if (code === 'unauthorized' || code === 'forbidden' || code === 'rate_limited') {
    const { method, url = '' } = request;
    const origin = request.headers.origin?.slice(0, maxLoggedOrigin);
    const where = { method, url: redactUrl(url), ip: address };
    // The origin is what somebody who set CORS_ORIGINS wrong looks for.
    log.warn({ audit: code, correlationId, ...where, ...(code === 'forbidden' ? { origin } : {}) }, 'access refused');
  }
  return answer;
}

function headersOf({ status }: ErrorAnswer, error: unknown, { correlationId }: Exchange): Record<string, string> {
  return {
    [correlationHeader]: correlationId,
    'Content-Type': 'application/json; charset=utf-8',
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
    ...(status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...(error instanceof RetryLater
      ? { 'Retry-After': String(error.retryAfterSeconds) }
      : status === 503
        ? { 'Retry-After': '1' }
        : {}),
  };
}

/** Closing with unread bytes at hand would reset the connection, and the answer with it. */
function endAfter(request: IncomingMessage, response: ServerResponse, body: string): void {
  response.write(body);
  const end = () => {
    clearTimeout(timer);
    request.off('end', end);
    response.end();
  };
  const timer = setTimeout(end, lingerMs);
  request.once('end', end);
  response.once('close', () => clearTimeout(timer));
  request.unpipe();
  request.resume();
}
