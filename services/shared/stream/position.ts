import type { ChangesOfStream } from '#shared/contract/internal-calls.ts';
import type { PushFrame } from '#shared/contract/push-frame.ts';
import { CatchUp } from './position-catch-up.ts';
import { type Delivery, type Place, toDelivery } from './position-delivery.ts';

export type { Delivery, Place } from './position-delivery.ts';

export type PositionUpdate = {
  /** In the order in which clients get them. */
  readonly deliveries: readonly Delivery[];
  /** The old place means nothing any more (new epoch, purged, too far behind): rows in between are not delivered. */
  readonly lost: boolean;
};

export type FrameOutcome = 'taken' | 'old' | 'early' | 'foreign';

/** Frames held while something before them is missing; what does not fit is read from the service later. */
export const maxEarlyFrames = 256;

const nothing: PositionUpdate = { deliveries: [], lost: false };

/**
 * Where one worker stands in one stream (decision 8). Pure: no I/O and no time. Whatever frames are lost, doubled or
 * reordered, each new row comes out once and in order of Number, every other row in order of Seq, and after the repair
 * that `need` asks for the place is the head.
 */
export class StreamPosition {
  #place: Place | undefined;
  #early = new Map<number, PushFrame>();
  /** Highest seq of this epoch that is known to exist. */
  #target = 0;
  /** A frame of another epoch came: only the service knows which one is alive. */
  #doubtful = false;
  #catchUp: CatchUp | undefined;
  /** The next repair begins with the row of this seq; nothing is handed on before. */
  #since: number | undefined;

  get place(): Place | undefined {
    return this.#place;
  }

  get target(): number {
    return this.#target;
  }

  /** `place`: read the head. `repair`: read the changes after `repairFrom`, unless the missing frame comes by itself. */
  get need(): 'nothing' | 'place' | 'repair' {
    if (!this.#place || this.#doubtful) return 'place';
    return this.#target > this.#place.seq ? 'repair' : 'nothing';
  }

  get repairFrom(): number {
    return Math.max(this.#place?.seq ?? 0, this.#catchUp?.through ?? 0);
  }

  frame(frame: PushFrame): { readonly outcome: FrameOutcome; readonly deliveries: readonly Delivery[] } {
    const place = this.#place;
    if (!place) {
      this.#holdUnplaced(frame);
      return { outcome: 'early', deliveries: [] };
    }
    if (frame.epoch !== place.epoch) {
      this.#doubtful = true;
      return { outcome: 'foreign', deliveries: [] };
    }
    if (frame.seq <= place.seq) return { outcome: 'old', deliveries: [] };
    this.#target = Math.max(this.#target, frame.seq);
    if (this.#early.size < maxEarlyFrames) this.#early.set(frame.seq, frame);
    const deliveries = this.#takeEarly();
    return { outcome: deliveries.length > 0 ? 'taken' : 'early', deliveries };
  }

  /**
   * The service's answer about the head. The first one sets the place; with `replay` (clients were here while it was
   * unknown) frames that came meanwhile are handed on as well. Later ones tell what frames did not: a head that moved,
   * or another epoch.
   */
  headRead(head: Place, { replay = false }: { readonly replay?: boolean } = {}): PositionUpdate {
    const place = this.#place;
    if (!place) {
      this.#settleAt(head);
      if (replay) this.#place = placeBeforeHeld(head, this.#early);
      const since = this.#since;
      this.#since = undefined;
      if (since !== undefined) this.startFrom(since);
      return { deliveries: this.#takeEarly(), lost: false };
    }
    this.#doubtful = false;
    if (head.epoch !== place.epoch) return this.#relocate(head);
    this.#target = Math.max(this.#target, head.seq);
    return nothing;
  }

  /** One page of the changes after `repairFrom`. Nothing is handed on before the pages reach the head: a new row may stand after a later one. */
  changesRead(epoch: string, changes: ChangesOfStream): PositionUpdate {
    const place = this.#place;
    if (!place) return nothing;
    const head = { epoch, ...changes.head };
    if (epoch !== place.epoch || changes.reload) return this.#relocate(head);
    this.#catchUp ??= new CatchUp(this.#since);
    const state = this.#catchUp.add(changes, place);
    if (state === 'too-far') return this.#relocate(head);
    this.#target = Math.max(this.#target, head.seq);
    if (state === 'more') return nothing;
    const deliveries = this.#catchUp.deliveriesAfter(place);
    this.#catchUp = undefined;
    this.#since = undefined;
    this.#place = {
      epoch,
      seq: Math.max(place.seq, head.seq),
      number: Math.max(place.number, head.number),
    };
    return { deliveries: [...deliveries, ...this.#takeEarly()], lost: false };
  }

  /** What was handed out after `place`, an earlier one of this epoch, reached nobody: it comes once more, by a repair. */
  returnTo(place: Place): void {
    const now = this.#place;
    if (!now || now.epoch !== place.epoch || place.seq >= now.seq) return;
    this.#target = Math.max(this.#target, now.seq);
    this.#place = place;
    this.#catchUp = undefined;
  }

  /**
   * Somebody is here who gets everything from the new row on that took the seq `since`: where that was handed out
   * already it comes once more, with all that follows it. The repair finds out which numbers are new to him.
   */
  startFrom(since: number): void {
    const now = this.#place;
    if (this.#since !== undefined && this.#since <= since) return;
    if (!now) {
      this.#since = since;
      return;
    }
    if (since > now.seq) return;
    this.#since = since;
    this.returnTo({ ...now, seq: since - 1 });
  }

  /** Nobody is here to hand anything to: the next head that is read is the new place. */
  forget(): void {
    this.#place = undefined;
    this.#early.clear();
    this.#catchUp = undefined;
    this.#doubtful = false;
    this.#since = undefined;
    this.#target = 0;
  }

  #holdUnplaced(frame: PushFrame): void {
    if (this.#early.size >= maxEarlyFrames) {
      const [oldest] = this.#early.keys();
      if (oldest !== undefined) this.#early.delete(oldest);
    }
    this.#early.set(frame.seq, frame);
  }

  #takeEarly(): Delivery[] {
    const deliveries: Delivery[] = [];
    let place = this.#place;
    if (!place) return deliveries;
    if (this.#since !== undefined) return deliveries;
    for (const seq of this.#early.keys()) if (seq <= place.seq) this.#early.delete(seq);
    for (;;) {
      const next = this.#early.get(place.seq + 1);
      // A number that jumps means that a row before it was missed, although no seq is.
      if (!next || next.number > place.number + 1) break;
      this.#early.delete(next.seq);
      deliveries.push(toDelivery(next, place.number));
      place = { epoch: place.epoch, seq: next.seq, number: Math.max(place.number, next.number) };
    }
    this.#place = place;
    return deliveries;
  }

  #settleAt(head: Place): void {
    this.#place = head;
    this.#doubtful = false;
    this.#catchUp = undefined;
    this.#target = head.seq;
    for (const frame of this.#early.values()) {
      if (frame.epoch !== head.epoch) this.#early.delete(frame.seq);
      else this.#target = Math.max(this.#target, frame.seq);
    }
  }

  #relocate(head: Place): PositionUpdate {
    this.#since = undefined;
    this.#settleAt(head);
    return { deliveries: this.#takeEarly(), lost: true };
  }
}

/**
 * The place before the unbroken run of held frames that ends at the head. Which of them were new rows can't be known
 * for certain; as many as can be are taken for new, since a client that was connected must not miss one.
 */
function placeBeforeHeld(head: Place, held: ReadonlyMap<number, PushFrame>): Place {
  const firstSeqOf = new Map<number, number>();
  let seq = head.seq;
  for (let frame = held.get(seq); frame; frame = held.get(seq)) {
    firstSeqOf.set(frame.number, seq);
    seq -= 1;
  }
  let number = head.number;
  let before = Number.POSITIVE_INFINITY;
  while (number > 0) {
    const first = firstSeqOf.get(number);
    if (first === undefined || first >= before) break;
    before = first;
    number -= 1;
  }
  return { epoch: head.epoch, seq, number };
}
