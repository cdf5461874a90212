import type { Request } from 'express';
import type { z } from 'zod';
import type { UserId } from '#shared/contract/ids.ts';
import { parseBody } from '#shared/http/parse-body.ts';
import { type Query, readQuery } from '#shared/http/query.ts';
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

export type Call<Body> = {
  readonly user: UserId;
  /** A part of the path. */
  readonly param: (name: string) => string;
  readonly query: Query;
  readonly body: Body;
};

export type RouteShape<Body> = {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  readonly path: string;
  /** Names that it reads from the query. */
  readonly query?: readonly string[];
  readonly body?: z.ZodType<Body>;
  answer(context: RouteContext, call: Call<Body>): Promise<Answer>;
};

/** A route of the signed-in user. */
export type Route = Omit<RouteShape<unknown>, 'answer'> & {
  answer(context: RouteContext, user: UserId, request: Request): Promise<Answer>;
};

export function route<Body = undefined>({ body: schema, answer, ...shape }: RouteShape<Body>): Route {
  return {
    ...shape,
    ...(schema ? { body: schema } : {}),
    async answer(context, user, request) {
      return answer(context, {
        user,
        param: (name) => String(request.params[name]),
        query: readQuery(request),
        body: (schema ? parseBody(schema, request.body) : undefined) as Body,
      });
    },
  };
}
