import { PlatformError } from '#shared/contract/errors.ts';
import type { UserId } from '#shared/contract/ids.ts';
import { type Clock, systemClock } from '#shared/runtime/clock.ts';
import { defaultPresenceTtlMs, type Presence } from './presence.ts';

/** Of each user, by worker. */
export type PresenceTable = {
  /** Until when the worker has him. */
  readonly online: Map<UserId, Map<string, number>>;
  readonly connections: Map<UserId, Map<string, { readonly count: number; readonly until: number }>>;
};

export function createPresenceTable(): PresenceTable {
  return { online: new Map(), connections: new Map() };
}

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
  table: { online, connections } = createPresenceTable(),
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
      for (const user of users) setOf(online, user, worker, clock.now() + ttlMs);
    },
    async leave(users) {
      refuseWhenClosed();
      for (const user of users) deleteOf(online, user, worker);
    },
    async online(users) {
      refuseWhenClosed();
      const now = clock.now();
      return new Set(users.filter((user) => [...(online.get(user)?.values() ?? [])].some((until) => until > now)));
    },
    async count(here) {
      refuseWhenClosed();
      const now = clock.now();
      const elsewhere = new Map<UserId, number>();
      for (const [user, count] of here) {
        if (count > 0) setOf(connections, user, worker, { count, until: now + ttlMs });
        else deleteOf(connections, user, worker);
        const others = [...(connections.get(user) ?? [])].filter(
          ([other, { until }]) => other !== worker && until > now,
        );
        elsewhere.set(
          user,
          others.reduce((sum, [, said]) => sum + said.count, 0),
        );
      }
      return elsewhere;
    },
    async close() {
      closed = true;
    },
  };
}

function setOf<Said>(table: Map<UserId, Map<string, Said>>, user: UserId, worker: string, said: Said): void {
  table.set(user, (table.get(user) ?? new Map<string, Said>()).set(worker, said));
}

function deleteOf(table: Map<UserId, Map<string, unknown>>, user: UserId, worker: string): void {
  const workers = table.get(user);
  workers?.delete(worker);
  if (workers?.size === 0) table.delete(user);
}
