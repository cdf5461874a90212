/**
 * The outbox inside a row (decision 4): the write that gives a row its seq also marks it as pending, and the mark goes
 * once that seq is on the bus. So nothing that was stored is lost on its way, whoever dies; it may be published twice.
 *
 * The mark is part of the row's own document: one atomic write sets both. Once a state is on the bus the mark goes only if
 * the row still has the seq of that state; a row that has moved on stays pending.
 */
export type PendingMark = {
  /** When the row took its seq, milliseconds since 1970. */
  readonly since: number;
  /** Whoever took the lease publishes until then; 0: nobody has. */
  readonly leasedUntil: number;
  /** No event has told of this row yet: the next one tells of a new row, however often it has changed meanwhile. */
  readonly unsent: boolean;
};

/** undefined: everything up to the row's present seq is on the bus. */
export type Pending = PendingMark | undefined;

export function markOfNew(now: number): PendingMark {
  return { since: now, leasedUntil: 0, unsent: true };
}

/** Of a row that moves to another seq. Its lease ends: whoever holds it publishes a state that is past. */
export function markOfChange(pending: Pending, now: number): PendingMark {
  return { since: now, leasedUntil: 0, unsent: pending?.unsent ?? false };
}

export type LeaseRequest = {
  readonly now: number;
  /** Younger marks are left to their writers. */
  readonly pendingSince: number;
  readonly leaseMs: number;
};

/** The mark with the lease, for a conditional write on the very mark that was read; undefined: it is not to be had. */
export function takeLease(pending: Pending, { now, pendingSince, leaseMs }: LeaseRequest): PendingMark | undefined {
  if (!pending || pending.since >= pendingSince || pending.leasedUntil > now) return undefined;
  return { ...pending, leasedUntil: now + leaseMs };
}
