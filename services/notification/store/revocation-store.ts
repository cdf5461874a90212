import {
  maxRevocations,
  maxRevocationsPage,
  type Revocation,
  type RevocationSource,
  type RevokedSubject,
} from '#shared/contract/revocation.ts';

/**
 * Port: who is shut out, one row per subject.
 *
 * - What a call has answered is on disk and, in a cluster, on its majority; a reader never sees less. Several instances
 *   may work on one database or file at once.
 * - Rows whose time is over count as none, and are removed while others are stored.
 * - Every call throws PlatformError `unavailable` when the store did not answer for a few seconds, and after `close`; all
 *   are safe to repeat.
 */
export interface RevocationStore extends RevocationSource {
  /**
   * Resolves with what is in force then: a later `until` wins, an earlier one shortens nothing.
   *
   * @throws PlatformError `conflict` when there are as many as allowed
   */
  revoke(revocation: Revocation): Promise<Revocation>;

  /** The only way to end one before its time. false: there was none. */
  lift(subject: RevokedSubject): Promise<boolean>;

  /** Finishes what was called before. */
  close(): Promise<void>;
}

/** Clocks differ: rows stay so long after their time. */
export const keepRevocationsMs = 3_600_000;

export type RevocationStoreLimits = {
  /** In force at a time; replicas that store at once may go a little beyond. */
  readonly max: number;
  readonly pageSize: number;
};

export const defaultRevocationStoreLimits: RevocationStoreLimits = {
  max: maxRevocations,
  pageSize: maxRevocationsPage,
};
