import { PlatformError } from '#shared/contract/errors.ts';
import { internalPaths } from '#shared/contract/internal-calls.ts';
import type { RevocationSource } from '#shared/contract/revocation.ts';
import { revocationsPage } from '#shared/schemas/revocations.ts';
import type { InternalTokens } from './internal-tokens.ts';

export type HttpRevocationSourceOptions = {
  /** The notification service's own address, without path. */
  readonly url: string;
  readonly tokens: InternalTokens;
  /** A call without a whole answer for so long has failed. @default 3,000 */
  readonly timeoutMs?: number;
};

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
        return revocationsPage.parse(await response.json());
      } catch (cause) {
        throw new PlatformError('unavailable', 'the service that keeps the revocations does not answer', { cause });
      }
    },
  };
}
