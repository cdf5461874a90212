import { PlatformError } from '#shared/contract/errors.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { type Clock, systemClock } from '#shared/runtime/clock.ts';
import { defaultPresenceTtlMs, type Presence } from './presence.ts';

/** Of each user, until when which worker has him. */
export type PresenceTable = Map<UserId, Map<string, number>>;

export type MemoryPresenceOptions = {
  readonly worker: string;
  /** Workers that share it see each other. @default one's own */
  readonly table?: PresenceTable;
  readonly clock?: Clock;
  /** @default 60,000 */
  readonly ttlMs?: number;
};

/** For workers in one process. */
export function createMemoryPresence({
  worker,
  table = new Map(),
  clock = systemClock,
  ttlMs = defaultPresenceTtlMs,
}: MemoryPresenceOptions): Presence {
  let closed = false;

  function refuseWhenClosed(): void {
    if (closed) throw new PlatformError('unavailable', 'presence is closed');
  }

  return {
    ttlMs,
    async beat(users) {
      refuseWhenClosed();
      for (const user of users) {
        const workers = table.get(user) ?? new Map<string, number>();
        table.set(user, workers.set(worker, clock.now() + ttlMs));
      }
    },
    async leave(users) {
      refuseWhenClosed();
      for (const user of users) {
        const workers = table.get(user);
        workers?.delete(worker);
        if (workers?.size === 0) table.delete(user);
      }
    },
    async online(users) {
      refuseWhenClosed();
      const now = clock.now();
      return new Set(users.filter((user) => [...(table.get(user)?.values() ?? [])].some((until) => until > now)));
    },
    async close() {
      closed = true;
    },
  };
}
