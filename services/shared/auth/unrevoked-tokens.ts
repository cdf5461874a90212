import { PlatformError } from '#shared/contract/errors.ts';
import type { RevocationList } from './revocation-list.ts';
import type { TokenVerifier } from './token-verifier.ts';
import { unauthorized } from './unauthorized.ts';

/**
 * The same verifier without what was taken back. `strict`: nobody gets in before the list was read once; else tokens are
 * taken as they are until then, and what was let in wrongly is closed with the first read.
 */
export function refuseRevoked(
  verifier: TokenVerifier,
  revocations: Pick<RevocationList, 'isRevoked' | 'known'>,
  { strict = false }: { readonly strict?: boolean } = {},
): TokenVerifier {
  return {
    async verify(token) {
      const principal = await verifier.verify(token);
      if (strict && !revocations.known) throw new PlatformError('unavailable', 'it is not known yet who is banned');
      if (revocations.isRevoked(principal)) throw unauthorized();
      return principal;
    },
  };
}
