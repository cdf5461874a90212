import type { UserId } from '#shared/contract/ids.ts';
import type { PushRow } from '#shared/contract/push-frame.ts';
import type { Delivery, Place } from '#shared/stream/position.ts';
import type { ChatUser } from './chat-user.ts';
import type { ConversationEntry } from './conversation-entry.ts';
import type { FanOut } from './fan-out.ts';
import type { HubLimits } from './hub-limits.ts';
import type { HubMetrics } from './hub-metrics.ts';
import type { Member } from './member.ts';

export type ConversationRowsOptions = {
  readonly fanOut: FanOut;
  readonly metrics: HubMetrics;
  readonly limits: Pick<HubLimits, 'maxHeldRows'>;
};

type As = Delivery['as'];
type AsFor = (member: Member) => As | undefined;

const nobody: AsFor = () => undefined;

const maxRecentlyNew = 64;

/** Hands a conversation's rows on to those who are in, each to whom it is for, and keeps them while that is in doubt. */
export class ConversationRows {
  readonly #options: ConversationRowsOptions;

  constructor(options: ConversationRowsOptions) {
    this.#options = options;
  }

  /** `before`: where the stream stood; undefined: nowhere. */
  take(deliveries: readonly Delivery[], entry: ConversationEntry, before: Place | undefined): void {
    const { gate, members, absences } = entry;
    const from = placeBefore(deliveries, before, entry);
    // What was handed on before, or passed while nobody was connected, is no doubt any more.
    absences.handedOn(gate.handedOn(from)?.seq ?? 0);
    // Nobody is connected: whoever comes begins at the head.
    if (members.size === 0) for (const { row } of deliveries) gate.need(row.members);
    else if (gate.offer(deliveries, from)) this.#deliver(deliveries, entry);
    else this.#hold(deliveries.length, entry);
  }

  /** Answers whether the stream was gone back in. */
  release(entry: ConversationEntry): boolean {
    const released = entry.gate.release();
    return released.length > 0 && this.#deliver(released, entry);
  }

  /**
   * A user comes in who gets everything from the row with that seq on. Where it was handed out already the stream is gone
   * back in: those who are here get nothing twice. Answers whether it was.
   */
  startFrom(since: number, entry: ConversationEntry, { members }: Pick<ChatUser, 'members'>): boolean {
    const { handedOn, floors } = entry;
    for (const member of members) floors.set(member, { seq: since - 1, number: undefined });
    if (members.size === 0 || (handedOn && since > handedOn.seq)) return false;
    for (const member of entry.members) {
      if (members.has(member)) continue;
      const floor = floors.get(member);
      if (handedOn && (!floor || floor.seq < handedOn.seq)) floors.set(member, { ...handedOn });
    }
    entry.gate.dropHeld();
    entry.position.startFrom(since);
    return true;
  }

  /** The last connection is gone: what was kept is for nobody. */
  emptied(entry: ConversationEntry): void {
    if (entry.gate.heldRows === 0 && !entry.parked) return;
    entry.gate.dropHeld();
    entry.parked = false;
    entry.position.forget();
  }

  #hold(rows: number, entry: ConversationEntry): void {
    this.#options.metrics.heldRows.inc(rows);
    if (entry.gate.heldRows <= this.#options.limits.maxHeldRows) return;
    const { from } = entry.gate.dropHeld();
    entry.parked = true;
    if (from && from.epoch === entry.position.place?.epoch) entry.position.returnTo(from);
  }

  /** Answers whether the stream was gone back in. */
  #deliver(deliveries: readonly Delivery[], entry: ConversationEntry): boolean {
    const { recentlyNew, floors, absences } = entry;
    for (const floor of floors.values()) {
      const first = floor.number === undefined && deliveries.find(({ row }) => row.seq === floor.seq + 1);
      if (first) floor.number = first.row.number - 1;
    }
    const asFor = new Map<Delivery, AsFor>();
    // A repair brings new rows by number: who was in when a row took its seq is told by those with lower ones.
    for (const delivery of deliveries.toSorted((a, b) => a.row.seq - b.row.seq)) {
      const { row } = delivery;
      for (const user of absences.meet(row)) raiseFloors(entry, user, row);
      asFor.set(delivery, asForEach(delivery, entry));
    }
    for (const delivery of deliveries) {
      if (delivery.as === 'receive') recentlyNew.push(delivery.row.seq);
      if (recentlyNew.length > maxRecentlyNew) recentlyNew.shift();
      this.#options.fanOut.row(delivery, entry.members, asFor.get(delivery) ?? nobody);
    }
    const through = entry.handedOn?.seq ?? 0;
    for (const [member, { seq }] of floors) if (seq < through) floors.delete(member);
    let movedBack = false;
    for (const { user, since } of absences.handedOn(through)) {
      const members = new Set([...entry.members].filter((member) => member.user === user));
      if (this.startFrom(since, entry, { members })) movedBack = true;
    }
    return movedBack;
  }
}

/** As what each gets the row, as of now; undefined: he doesn't. */
function asForEach({ row, as }: Delivery, { members, floors, absences }: ConversationEntry): AsFor {
  if (floors.size === 0 && absences.isEmpty) {
    return ({ chatSubscribed }) => (as === 'receive' || chatSubscribed ? as : undefined);
  }
  const decided = new Map<Member, As>();
  for (const member of members) {
    const floor = floors.get(member);
    if (floor && row.seq <= floor.seq) continue;
    const kept = absences.keepFrom(member.user, row);
    if (kept === 'kept') continue;
    const isNew = !kept && as === 'receive' && row.number > (floor?.number ?? 0);
    if (isNew) decided.set(member, 'receive');
    else if (member.chatSubscribed) decided.set(member, 'change');
  }
  return (member) => decided.get(member);
}

/** He is back with that row: what came before it is nothing new to him. */
function raiseFloors({ members, floors }: ConversationEntry, user: UserId, { seq, number }: PushRow): void {
  for (const member of members) {
    if (member.user !== user) continue;
    const floor = floors.get(member);
    if (!floor || floor.seq < seq) floors.set(member, { seq: seq - 1, number: number - 1 });
  }
}

/** Where a stream stood before these rows. They tell the number: a position that was moved back does not know it yet. */
function placeBefore(
  deliveries: readonly Delivery[],
  before: Place | undefined,
  { position }: ConversationEntry,
): Place {
  const now = position.place;
  const news = deliveries.filter(({ as }) => as === 'receive').map(({ row }) => row.number);
  return {
    epoch: now?.epoch ?? '',
    seq: before?.seq ?? (deliveries[0]?.row.seq ?? 1) - 1,
    number: news.length > 0 ? Math.min(...news) - 1 : (before?.number ?? now?.number ?? 0),
  };
}
