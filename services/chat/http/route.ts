import type { Request } from 'express';
import { z } from 'zod';
import type { Operation } from '#shared/api-docs/operation.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { parseBody } from '#shared/http/parse-body.ts';
import { parseQuery } from '#shared/http/parse-query.ts';
import type { FriendGraph } from '../friends/friend-graph.ts';
import type { Outbox } from '../outbox/outbox.ts';
import type { Signals } from '../signals.ts';
import type { ChatStore } from '../store/chat-store.ts';

export type RouteContext = {
  readonly store: ChatStore;
  readonly outbox: Outbox;
  readonly signals: Signals;
  readonly friends: FriendGraph;
  /** Of a group. */
  readonly maxMembers: number;
};

export type Answer = {
  /** @default 200 */
  readonly status?: 200 | 201;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object;
};

export type Call<Params, Query, Body> = {
  readonly user: UserId;
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Read before anything is written: a row that is written and then labelled with a life that began since would be taken for another. */
  readonly epoch: string;
};

const nothing = z.object({});

type RouteShape<Params extends z.ZodObject, Query extends z.ZodObject, Body extends z.ZodType> = Operation & {
  readonly params?: Params;
  readonly query?: Query;
  readonly body?: Body;
  answer(context: RouteContext, call: Call<z.output<Params>, z.output<Query>, z.output<Body>>): Promise<Answer>;
};

/** A route of the signed-in user. */
export type Route = Operation & {
  answer(context: RouteContext, user: UserId, request: Request): Promise<Answer>;
};

export function route<
  Params extends z.ZodObject = typeof nothing,
  Query extends z.ZodObject = typeof nothing,
  Body extends z.ZodType = z.ZodUndefined,
>({ answer, ...operation }: RouteShape<Params, Query, Body>): Route {
  const { params = nothing as unknown as Params, query = nothing as unknown as Query, body } = operation;
  return {
    ...operation,
    async answer(context, user, request) {
      const parsed = {
        params: parseBody(params, request.params),
        query: parseQuery(query, request),
        body: (body && parseBody(body, request.body)) as z.output<Body>,
      };
      return answer(context, { user, ...parsed, epoch: await context.store.epoch() });
    },
  };
}
