import { z } from 'zod';
import type { InternalTokens } from '#shared/auth/internal-tokens.ts';
import { PlatformError } from '#shared/contract/errors.ts';
import { isUserId, type StreamId, type UserId } from '#shared/contract/ids.ts';
import { internalPaths, type StreamSource } from '#shared/contract/internal-calls.ts';
import { type PushKind, pushKinds } from '#shared/contract/push-frame.ts';

export type HttpStreamSourceOptions = {
  /** The service's own address, without path. */
  readonly url: string;
  readonly tokens: InternalTokens;
  /** A call without a whole answer for so long has failed. @default 3,000 */
  readonly timeoutMs?: number;
};

const count = z.int().min(0);
const stream = z.custom<StreamId>((value) => typeof value === 'string');
const kind = z.custom<PushKind>((value) => typeof value === 'string' && Object.hasOwn(pushKinds, value));
const head = z.object({ seq: count, number: count, members: count });
const heads = z.object({ epoch: z.string(), heads: z.array(head.extend({ stream })) });
const changes = z.object({
  epoch: z.string(),
  changes: z.array(
    z.object({
      stream,
      rows: z.array(head.extend({ kind, body: z.unknown() })),
      through: count,
      head,
      reload: z.boolean(),
    }),
  ),
});
const membership = z.object({ stream, version: count, large: z.boolean() });
const memberships = z.object({ epoch: z.string(), memberships: z.array(membership) });
const user = z.custom<UserId>(isUserId);
const membershipsSince = z.object({
  token: z.string(),
  memberships: z.array(z.object({ user, stream, isIn: z.boolean() })),
  reload: z.boolean(),
});
const members = z.object({
  epoch: z.string(),
  members: z.array(membership.extend({ users: z.array(user), all: z.array(user).nullable() })),
});

/** Reads streams from a service in another process. Whatever goes wrong is `unavailable`: all calls are safe to repeat. */
export function createHttpStreamSource({ url, tokens, timeoutMs = 3_000 }: HttpStreamSourceOptions): StreamSource {
  async function call<Answer>(path: string, request: object, schema: z.ZodType<Answer>): Promise<Answer> {
    try {
      const response = await fetch(new URL(path, url), {
        method: 'POST',
        headers: { authorization: `Bearer ${await tokens.issue()}`, 'content-type': 'application/json' },
        body: JSON.stringify(request),
        signal: AbortSignal.timeout(timeoutMs),
        redirect: 'error',
      });
      if (!response.ok) {
        await response.body?.cancel();
        throw new Error(`${path} answered ${response.status}`);
      }
      return schema.parse(await response.json());
    } catch (cause) {
      throw new PlatformError('unavailable', 'the service that keeps the streams does not answer', { cause });
    }
  }
  return {
    heads: (request) => call(internalPaths.heads, request, heads),
    changes: (request) => call(internalPaths.changes, request, changes),
    memberships: (request) => call(internalPaths.memberships, request, memberships),
    membershipsSince: (request) => call(internalPaths.membershipsSince, request, membershipsSince),
    members: (request) => call(internalPaths.members, request, members),
  };
}
