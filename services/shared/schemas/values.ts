import { z } from 'zod';
import { type ConversationId, maxUserIdLength, type UserId } from '#shared/contract/ids.ts';

/** What we write ourselves: brands are taken on trust here, `contract/ids.ts` parses those that come in. */
export const userId = z
  .string()
  .min(1)
  .max(maxUserIdLength)
  .meta({ description: 'as the identity service made it, never interpreted' }) as unknown as z.ZodType<UserId>;

export const objectId = z
  .string()
  .regex(/^[0-9a-f]{24}$/)
  .meta({ description: '24 hex digits' });

export const conversationId = objectId as unknown as z.ZodType<ConversationId>;

export const time = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  .meta({ format: 'date-time', description: 'ISO 8601, UTC' });

/** Counts, positions and numbers. */
export const count = z.int().min(0);

export const seq = count.meta({ description: 'place in the change feed; moves with every change of the row' });

export const number = count.meta({ description: 'place in the list, 1, 2, 3 …; never moves' });

export const cursor = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}(\.[0-9a-z]{1,11}){1,2}$/)
  .meta({ description: 'a place in a change feed; opaque' });

export const reload = z.boolean().meta({ description: 'forget what is loaded and begin without a cursor' });

/** Ordinals of a .NET enum: the indexes of `names`. */
export function ordinal(names: readonly string[]) {
  const legend = names.map((name, index) => `${index} ${name}`).join(', ');
  return z
    .int()
    .min(0)
    .max(names.length - 1)
    .meta({ description: legend });
}
