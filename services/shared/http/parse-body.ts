import type { z } from 'zod';
import { PlatformError } from '#shared/contract/errors.ts';

/** @throws PlatformError `bad_request` that names the field, with the words of the schema where it has some */
export function parseBody<S extends z.ZodType>(schema: S, body: unknown): z.output<S> {
  const result = schema.safeParse(body);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new PlatformError('bad_request', `${issue?.path.join('.') || 'the body'} ${reasonOf(issue)}`);
}

function reasonOf(issue: z.core.$ZodIssue | undefined): string {
  // The library's own texts begin with a capital letter and are written for developers.
  return issue && /^[a-z]/.test(issue.message) ? issue.message : 'is not as the contract says';
}
