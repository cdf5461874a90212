import type { Request } from 'express';
import type { z } from 'zod';
import { PlatformError } from '#shared/contract/errors.ts';
import { parseBody } from './parse-body.ts';

/**
 * The query by its schema; an empty value is an absent one, and names that nobody asked for are left alone.
 *
 * @throws PlatformError `bad_request` also for what other query parsers take for arrays and objects
 */
export function parseQuery<S extends z.ZodType>(schema: S, request: Request): z.output<S> {
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(request.query)) {
    if (!/^[\w-]{1,64}$/.test(name)) throw new PlatformError('bad_request', 'a name in the query is not allowed');
    if (value !== '') values[name] = value;
  }
  return parseBody(schema, values);
}
