import type { RevocationList } from './revocation-list.ts';
import type { TokenVerifier } from './token-verifier.ts';
import { unauthorized } from './unauthorized.ts';

/**
 * The same verifier without what was taken back, with the same answer. Whoever comes before the list was read once waits
 * a moment for it; while it cannot be read, tokens count as they are (decision record "who is banned is asked first").
 */
export function refuseRevoked(
  verifier: TokenVerifier,
  revocations: Pick<RevocationList, 'isRevoked' | 'firstRead'>,
): TokenVerifier {
  return {
    async verify(token) {
      const principal = await verifier.verify(token);
      await revocations.firstRead();
      if (revocations.isRevoked(principal)) throw unauthorized();
      return principal;
    },
  };
}
