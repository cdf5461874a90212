import type { UserId } from '#shared/contract/ids.ts';

/**
 * Port: who is connected to some worker, and how often. This object speaks for one worker. Whatever is not said again in
 * time expires: a worker that dies leaves nobody online, and no connection counted.
 */
export interface Presence {
  /** These users are at this worker, for `ttlMs` from now on. Safe to repeat. @throws PlatformError `unavailable` */
  beat(users: readonly UserId[]): Promise<void>;
  /** They are not at this worker any more; at another they may be. @throws PlatformError `unavailable` */
  leave(users: readonly UserId[]): Promise<void>;
  /** Those of `users` who are at any worker. @throws PlatformError `unavailable` when nobody can tell */
  online(users: readonly UserId[]): Promise<ReadonlySet<UserId>>;
  /**
   * These users have so many connections at this worker, for `ttlMs` from now on; 0: none. Says nothing about who is online.
   * Safe to repeat. Answers how many each of them has at all other workers, by what those said last.
   * @throws PlatformError `unavailable`; what was said may have been heard
   */
  count(here: ReadonlyMap<UserId, number>): Promise<ReadonlyMap<UserId, number>>;
  /** How long a beat and a count are good for. */
  readonly ttlMs: number;
  /** Later calls reject. Users stay until they expire: `leave` first. */
  close(): Promise<void>;
}

export const defaultPresenceTtlMs = 60_000;
