import { type PushRow, pushKinds } from '#shared/contract/push-frame.ts';

/** Everything up to and with `seq` was handed on; `number` is the highest one among it. */
export type Place = { readonly epoch: string; readonly seq: number; readonly number: number };

/** `receive`: a row that is new to clients, for all of them. `change`: only for those that subscribed with a cursor. */
export type Delivery = { readonly as: 'receive' | 'change'; readonly row: PushRow };

/** A row that is gone before any client heard of it is no news, but cursor clients count its seq. */
export function toDelivery(row: PushRow, lastNumber: number): Delivery {
  return { as: row.number > lastNumber && pushKinds[row.kind].receive !== null ? 'receive' : 'change', row };
}
