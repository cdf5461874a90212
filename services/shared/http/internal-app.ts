import type { Express, RequestHandler } from 'express';
import { z } from 'zod';
import type { InternalTokens } from '#shared/auth/internal-tokens.ts';
import { createOriginPolicy } from '#shared/auth/origin-policy.ts';
import { isUserId, type StreamId, type UserId } from '#shared/contract/ids.ts';
import { internalPaths, maxInternalBatch, maxUsersAsked, type StreamSource } from '#shared/contract/internal-calls.ts';
import { createApp, finishApp } from '#shared/http/app.ts';
import { requireInternal } from '#shared/http/authenticated.ts';
import { parseBody } from '#shared/http/parse-body.ts';
import type { Logger } from '#shared/runtime/log.ts';

/** The largest batch with the longest names. */
const bodyLimitBytes = 1_048_576;
const longestStream = 300;

const stream = z.custom<StreamId>(
  (value) => typeof value === 'string' && value.length > 0 && value.length <= longestStream,
);
const headsRequest = z.object({ streams: z.array(stream).max(maxInternalBatch) });
const changesRequest = z.object({
  requests: z.array(z.object({ stream, after: z.int().min(0) })).max(maxInternalBatch),
  limit: z.int().min(1).max(1_000).default(200),
});
const user = z.custom<UserId>(isUserId);
const membershipsRequest = z.object({ user });
const membershipsSinceRequest = z.object({
  users: z.array(user).max(maxUsersAsked),
  since: z.string().max(256).nullable(),
});
const membersRequest = z.object({
  requests: z.array(z.object({ stream, users: z.array(user).max(maxUsersAsked) })).max(maxInternalBatch),
});

export type InternalAppOptions = {
  readonly source: StreamSource;
  readonly tokens: InternalTokens;
  readonly log: Logger;
  /** What this service alone answers. */
  readonly own?: RequestHandler;
};

/** What the hubs ask, behind `INTERNAL_SECRET`; no gateway routes it and no browser may call it. */
export function createInternalApp({ source, tokens, log, own }: InternalAppOptions): Express {
  const origins = createOriginPolicy({ origins: [], allowAbsent: true });
  const app = createApp({ log, origins, bodyLimitBytes });
  app.use(requireInternal(tokens));
  app.post(internalPaths.heads, async (request, response) => {
    response.json(await source.heads(parseBody(headsRequest, request.body)));
  });
  app.post(internalPaths.changes, async (request, response) => {
    response.json(await source.changes(parseBody(changesRequest, request.body)));
  });
  app.post(internalPaths.memberships, async (request, response) => {
    response.json(await source.memberships(parseBody(membershipsRequest, request.body)));
  });
  app.post(internalPaths.membershipsSince, async (request, response) => {
    response.json(await source.membershipsSince(parseBody(membershipsSinceRequest, request.body)));
  });
  app.post(internalPaths.members, async (request, response) => {
    response.json(await source.members(parseBody(membersRequest, request.body)));
  });
  if (own) app.use(own);
  finishApp(app, log);
  return app;
}
