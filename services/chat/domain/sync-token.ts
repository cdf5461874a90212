import { asConversationId, type ConversationId } from '#shared/contract/ids.ts';

/** How far a client has synchronised, in milliseconds of the store's clock. */
export type SyncToken = {
  readonly epoch: string;
  /** Conversations that changed from then on are still to be told. */
  readonly since: number;
  /** Where the next round begins, once this one is through. */
  readonly next: number;
  /** How far this round is; undefined: at its beginning. */
  readonly after: { readonly changedAt: number; readonly id: ConversationId } | undefined;
};

/** A change is seen by the store's clock a moment before it can be read; what is told twice does no harm. */
const overlapMs = 10_000;

/** A round that begins `now`, where `last` says; undefined: with everything. */
export function beginRound(epoch: string, now: number, last: SyncToken | undefined): SyncToken {
  const next = Math.max(0, now - overlapMs);
  // A clock that was set back must not hide what happens until it has caught up.
  return { epoch, since: Math.min(last?.since ?? 0, next), next, after: undefined };
}

/** Opaque to clients. */
export function formatSyncToken({ epoch, since, next, after }: SyncToken): string {
  const place = after ? [after.changedAt.toString(36), after.id] : [];
  return [epoch, since.toString(36), next.toString(36), ...place].join('.');
}

/** undefined when `text` is no token of ours. */
export function parseSyncToken(text: string): SyncToken | undefined {
  const match =
    /^([A-Za-z0-9_-]{1,64})\.([0-9a-z]{1,11})\.([0-9a-z]{1,11})(?:\.([0-9a-z]{1,11})\.([0-9a-f]{24}))?$/.exec(text);
  if (!match) return undefined;
  const [, epoch = '', ...rest] = match;
  const [since = 0, next = 0, changedAt = 0] = rest.slice(0, 3).map((part) => Number.parseInt(part ?? '0', 36));
  if (![since, next, changedAt].every(Number.isSafeInteger)) return undefined;
  const id = asConversationId(rest[3]);
  return { epoch, since, next, after: id ? { changedAt, id } : undefined };
}
