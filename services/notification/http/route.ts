import type { Request } from 'express';
import { z } from 'zod';
import type { Operation } from '#shared/api-docs/operation.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { parseBody } from '#shared/http/parse-body.ts';
import { parseQuery } from '#shared/http/parse-query.ts';
import type { RowPusher } from '../push-rows.ts';
import type { NotificationStore } from '../store/notification-store.ts';

export type RouteContext = { readonly store: NotificationStore; readonly pusher: RowPusher };

export type Call<Params, Query> = { readonly user: UserId; readonly params: Params; readonly query: Query };

const nothing = z.object({});

type RouteShape<Params extends z.ZodObject, Query extends z.ZodObject> = Omit<Operation, 'tag' | 'body'> & {
  readonly params?: Params;
  readonly query?: Query;
  /** What it resolves to is the JSON of a 200. */
  answer(context: RouteContext, call: Call<z.output<Params>, z.output<Query>>): Promise<object>;
};

/** A route of the signed-in user. */
export type Route = Operation & {
  answer(context: RouteContext, user: UserId, request: Request): Promise<object>;
};

export function route<Params extends z.ZodObject = typeof nothing, Query extends z.ZodObject = typeof nothing>({
  answer,
  ...operation
}: RouteShape<Params, Query>): Route {
  const { params = nothing as unknown as Params, query = nothing as unknown as Query } = operation;
  return {
    ...operation,
    tag: 'notifications',
    async answer(context, user, request) {
      return answer(context, {
        user,
        params: parseBody(params, request.params),
        query: parseQuery(query, request),
      });
    },
  };
}
