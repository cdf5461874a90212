import type { Express } from 'express';
import { asyncApiDocument } from '#shared/api-docs/asyncapi.ts';
import { openApiDocument } from '#shared/api-docs/openapi.ts';
import { createApiDocs } from '#shared/api-docs/serve-api-docs.ts';
import type { OriginPolicy } from '#shared/auth/origin-policy.ts';
import type { TokenVerifier } from '#shared/auth/token-verifier.ts';
import { createApp, finishApp } from '#shared/http/app.ts';
import { requireUser, userOf } from '#shared/http/authenticated.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { NotificationMetrics } from '../notification-metrics.ts';
import type { RouteContext } from './route.ts';
import { routes } from './routes.ts';

export type RestAppOptions = RouteContext & {
  readonly verifier: TokenVerifier;
  readonly origins: OriginPolicy;
  readonly log: Logger;
  readonly metrics: NotificationMetrics;
};

/** What the gateway routes here. express matches paths with and without a trailing slash. */
export function createRestApp({ verifier, origins, log, metrics, ...context }: RestAppOptions): Express {
  const app = createApp({ log, origins });
  const docs = createApiDocs(openApiDocument(routes), asyncApiDocument());
  app.use((request, response, next) => {
    if (!docs(request, response)) next();
  });
  for (const { method, path, answer } of routes) {
    const operation = `${method} ${path}`;
    app[method](path, requireUser(verifier), async (request, response) => {
      const { user } = userOf(response);
      response.json(await metrics.timed(operation, () => answer(context, user, request)));
    });
  }
  finishApp(app, log);
  return app;
}
