import type { Backplane } from '#shared/backplane/backplane.ts';
import { revocationsChannel } from '#shared/contract/names.ts';
import {
  encodeRevocationFrame,
  type Revocation,
  type RevocationFrame,
  type RevocationSource,
  type RevokedSubject,
} from '#shared/contract/revocation.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { NotificationMetrics } from './notification-metrics.ts';
import type { RevocationStore } from './store/revocation-store.ts';

/** `published`: whether it went out to every process at once; else they find it when they read again. */
export type Published<Result> = Result & { readonly published: boolean };

/** Stores first, then tells: what is not told is found by reading. */
export interface Revocations extends RevocationSource {
  /** See the store. */
  revoke(revocation: Revocation): Promise<Published<{ readonly revocation: Revocation }>>;
  /** `lifted`: false when there was none. */
  lift(subject: RevokedSubject): Promise<Published<{ readonly lifted: boolean }>>;
}

export type RevocationsOptions = {
  readonly store: RevocationStore;
  readonly backplane: Pick<Backplane, 'publish'>;
  readonly log: Logger;
  readonly metrics: Pick<NotificationMetrics, 'revocation'>;
};

export function createRevocations({ store, backplane, log, metrics }: RevocationsOptions): Revocations {
  async function publish(frame: RevocationFrame): Promise<boolean> {
    try {
      await backplane.publish(revocationsChannel, encodeRevocationFrame(frame));
      return true;
    } catch (err) {
      log.warn({ err }, 'a revocation was stored and not published: it counts once it is read');
      return false;
    }
  }

  return {
    inForce: (after) => store.inForce(after),

    async revoke(wanted) {
      const revocation = await store.revoke(wanted);
      const published = await publish(revocation);
      metrics.revocation('revoked', revocation.kind);
      log.info({ audit: 'revoked', ...audited(revocation), until: new Date(revocation.until), published }, 'revoked');
      return { revocation, published };
    },

    async lift(subject) {
      const lifted = await store.lift(subject);
      // Also when there was none: the one before may not have been told.
      const published = await publish({ kind: 'lifted' });
      if (lifted) metrics.revocation('lifted', subject.kind);
      log.info({ audit: 'lifted', ...audited(subject), lifted, published }, 'revocation lifted');
      return { lifted, published };
    },
  };
}

/** A `jti` names a token, and tokens are in no log. */
function audited({ kind, id }: RevokedSubject): { readonly kind: string; readonly user?: string } {
  return kind === 'user' ? { kind, user: id } : { kind };
}
