import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response } from 'express';
import type { OriginPolicy } from '#shared/auth/origin-policy.ts';
import { redactUrl } from '#shared/auth/token-places.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { allowedMethods } from './allowed-methods.ts';
import { correlationHeader, correlationIdFrom } from './correlation-id.ts';
import { applyCors } from './cors.ts';
import { errorAnswer } from './error-answer.ts';
import { jsonBody } from './json-body.ts';

export type AppOptions = {
  readonly log: Logger;
  readonly origins: OriginPolicy;
  /** @default 65,536 */
  readonly bodyLimitBytes?: number;
};

/**
 * The edge that all our HTTP services share: correlation ids, safe headers, CORS, JSON within limits, one access log line
 * per answer. Routes follow, then `finishApp`.
 */
export function createApp({ log, origins, bodyLimitBytes = 64 * 1024 }: AppOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  // Answers are one user's and change with every event: nothing to revalidate, nothing for caches.
  app.disable('etag');
  app.set('query parser', 'simple');
  app.use(begin(log));
  app.use((request, response, next) => {
    const outcome = applyCors(request, response, origins);
    if (outcome === 'refused') throw new PlatformError('forbidden', 'this origin is not allowed');
    if (outcome === 'continue') next();
  });
  app.use(jsonBody(bodyLimitBytes));
  return app;
}

/** Ends an app: unknown paths are 404, known ones with another method 405, and every failure an `ErrorBody`. */
export function finishApp(app: Express, log: Logger): void {
  app.use((request, response) => {
    const methods = allowedMethods(app, request.path);
    if (methods.length === 0) throw new PlatformError('not_found', 'there is nothing at this path');
    response.setHeader('Allow', methods.join(', '));
    throw new PlatformError('method_not_allowed', `this path takes ${methods.join(', ')}`);
  });
  app.use(answerError(log));
}

/** The id that log lines, error bodies and the answer's `X-Correlation-Id` share. */
export function correlationIdOf(response: Response): string {
  return response.locals['correlationId'];
}

function begin(log: Logger): RequestHandler {
  return (request, response, next) => {
    const startedAt = performance.now();
    const correlationId = correlationIdFrom(request.headers);
    response.locals['correlationId'] = correlationId;
    response.setHeader(correlationHeader, correlationId);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cache-Control', 'no-store');
    response.once('close', () => {
      log.info(
        {
          correlationId,
          method: request.method,
          url: redactUrl(request.originalUrl),
          status: response.statusCode,
          finished: response.writableFinished,
          ms: Math.round(performance.now() - startedAt),
        },
        'request',
      );
    });
    next();
  };
}

function answerError(log: Logger): ErrorRequestHandler {
  // Express knows an error handler by its four parameters.
  return (err: unknown, request, response, _next) => {
    const correlationId = correlationIdOf(response);
    const { status, body } = errorAnswer(err, correlationId);
    if (status >= 500) log.error({ err, correlationId }, 'request failed');
    if (body.code === 'unauthorized' || body.code === 'forbidden') {
      const { method, originalUrl, ip } = request;
      log.warn({ audit: body.code, correlationId, method, url: redactUrl(originalUrl), ip }, 'access refused');
    }
    if (response.headersSent) {
      response.destroy();
      return;
    }
    if (status === 401) response.setHeader('WWW-Authenticate', 'Bearer');
    if (status === 503 && !response.hasHeader('Retry-After')) response.setHeader('Retry-After', '1');
    response.status(status).json(body);
  };
}
