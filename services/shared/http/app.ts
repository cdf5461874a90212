import { randomUUID } from 'node:crypto';
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response } from 'express';
import type { OriginPolicy } from '#shared/auth/origin-policy.ts';
import { redactUrl } from '#shared/auth/token-places.ts';
import { type ErrorBody, PlatformError } from '#shared/contract/errors.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { corsByAllowlist } from './cors.ts';
import { checkJson } from './json-limits.ts';

export type AppOptions = {
  readonly log: Logger;
  readonly origins: OriginPolicy;
  /** @default 65,536 */
  readonly bodyLimitBytes?: number;
};

/** An express app with what every route of ours shares. Mount routes, then call `finishApp`. */
export function createApp({ log, origins, bodyLimitBytes = 65_536 }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(correlate(log));
  app.use(corsByAllowlist(origins));
  app.use(jsonOnly);
  app.use(express.json({ limit: bodyLimitBytes, strict: true }));
  app.use(checkBody);
  return app;
}

/** Answers what no route took, and every error, as `ErrorBody`. Texts of 5xx stay in the log. */
export function finishApp(app: Express, log: Logger): void {
  app.use((request) => {
    throw new PlatformError('not_found', `nothing is at ${request.method} ${request.path}`);
  });
  app.use(answerError(log));
}

export function correlationIdOf(response: Response): string {
  return (response.locals as { correlationId?: string }).correlationId ?? 'none';
}

function correlate(log: Logger): RequestHandler {
  return (request, response, next) => {
    const given = request.get('x-correlation-id') ?? request.get('x-request-id') ?? '';
    const correlationId = /^[A-Za-z0-9_.-]{1,64}$/.test(given) ? given : randomUUID();
    response.locals = { ...response.locals, correlationId };
    response.set({ 'X-Correlation-Id': correlationId, 'X-Content-Type-Options': 'nosniff' });
    const startedAt = performance.now();
    response.once('finish', () => {
      const { method, originalUrl } = request;
      const durationMs = Math.round(performance.now() - startedAt);
      log.debug(
        { method, path: redactUrl(originalUrl), status: response.statusCode, durationMs, correlationId },
        'request',
      );
    });
    next();
  };
}

const jsonOnly: RequestHandler = (request, _response, next) => {
  const length = request.get('content-length');
  const hasBody = request.get('transfer-encoding') !== undefined || (length !== undefined && length !== '0');
  if (hasBody && !request.is('application/json')) {
    throw new PlatformError('unsupported_media_type', 'a body must be application/json');
  }
  next();
};

const checkBody: RequestHandler = (request, _response, next) => {
  if (request.body !== undefined) checkJson(request.body);
  next();
};

function answerError(log: Logger): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const failure = toPlatformError(error);
    const correlationId = correlationIdOf(response);
    const { method, originalUrl } = request;
    if (failure.status >= 500)
      log.error({ err: error, method, path: redactUrl(originalUrl), correlationId }, 'request failed');
    if (failure.code === 'unauthorized') {
      log.info({ method, path: redactUrl(originalUrl), correlationId }, 'authentication refused');
      response.set('WWW-Authenticate', 'Bearer');
    }
    if (failure.code === 'unavailable') response.set('Retry-After', '1');
    const body: ErrorBody = { error: shownText(failure), code: failure.code, correlationId };
    response.status(failure.status).json(body);
  };
}

function shownText(failure: PlatformError): string {
  if (failure.code === 'unavailable') return 'a service is not available, try again';
  return failure.status >= 500 ? 'an unexpected error occurred' : failure.message;
}

/** express and its body parser mark their errors with a status and a type. */
function toPlatformError(error: unknown): PlatformError {
  if (error instanceof PlatformError) return error;
  const { status, type } = (typeof error === 'object' && error !== null ? error : {}) as {
    status?: number;
    type?: string;
  };
  if (status === 413) return new PlatformError('too_large', 'the body is too large', { cause: error });
  if (status === 415)
    return new PlatformError('unsupported_media_type', 'the body is not in a known encoding', { cause: error });
  if (type === 'entity.parse.failed')
    return new PlatformError('bad_request', 'the body is not valid JSON', { cause: error });
  if (status !== undefined && status >= 400 && status < 500) {
    return new PlatformError('bad_request', 'the request cannot be read', { cause: error });
  }
  return new PlatformError('internal', 'unexpected', { cause: error });
}
