import type { Request } from 'express';
import type { UserId } from '#shared/contract/ids.ts';
import type { RowPusher } from '../push-rows.ts';
import type { NotificationStore } from '../store/notification-store.ts';

export type RouteContext = { readonly store: NotificationStore; readonly pusher: RowPusher };

/** A route of the signed-in user; what it resolves to is the JSON of a 200. */
export type Route = {
  readonly method: 'get' | 'put' | 'delete';
  readonly path: string;
  answer(context: RouteContext, user: UserId, request: Request): Promise<object>;
};
