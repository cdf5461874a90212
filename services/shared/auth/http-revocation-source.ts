import { z } from 'zod';
import { PlatformError } from '#shared/contract/errors.ts';
import { internalPaths } from '#shared/contract/internal-calls.ts';
import {
  maxRevocationsPage,
  type RevocationSource,
  type RevocationsPage,
  revocationSchema,
} from '#shared/contract/revocation.ts';
import type { InternalTokens } from './internal-tokens.ts';

export type HttpRevocationSourceOptions = {
  /** The notification service's own address, without path. */
  readonly url: string;
  readonly tokens: InternalTokens;
  /** A call without a whole answer for so long has failed. @default 3,000 */
  readonly timeoutMs?: number;
};

const page: z.ZodType<RevocationsPage> = z.object({
  revocations: z.array(revocationSchema).max(maxRevocationsPage),
  next: z.string().nullable(),
});

/** Reads what is revoked from the notification service in another process. */
export function createHttpRevocationSource(options: HttpRevocationSourceOptions): RevocationSource {
  const { url, tokens, timeoutMs = 3_000 } = options;
  return {
    async inForce(after) {
      const target = new URL(internalPaths.revocations, url);
      if (after !== undefined) target.searchParams.set('after', after);
      try {
        const response = await fetch(target, {
          headers: { authorization: `Bearer ${await tokens.issue()}` },
          signal: AbortSignal.timeout(timeoutMs),
          redirect: 'error',
        });
        if (!response.ok) {
          await response.body?.cancel();
          throw new Error(`${internalPaths.revocations} answered ${response.status}`);
        }
        return page.parse(await response.json());
      } catch (cause) {
        throw new PlatformError('unavailable', 'the service that keeps the revocations does not answer', { cause });
      }
    },
  };
}
