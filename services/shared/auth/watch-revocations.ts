import type { Readiness } from '#shared/runtime/readiness.ts';
import type { RevocationList } from './revocation-list.ts';

/** Never required: an outage of the notification service hits every replica alike. `/readyz` says what is not known. */
export function watchRevocations(readiness: Readiness, revocations: Pick<RevocationList, 'known' | 'failing'>): void {
  readiness.watch('revocations', () => ({
    ready: revocations.known && !revocations.failing,
    required: false,
    detail: detailOf(revocations),
  }));
}

function detailOf({ known, failing }: Pick<RevocationList, 'known' | 'failing'>): string {
  if (!known) return 'waiting for the notification service: it is not known who is banned, valid tokens count';
  return failing ? 'waiting for the notification service: those banned since then may not be known' : 'known';
}
