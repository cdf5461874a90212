import type { ChangesOfStream } from '#shared/contract/internal-calls.ts';
import type { PushRow } from '#shared/contract/push-frame.ts';
import { type Delivery, type Place, toDelivery } from './position-delivery.ts';

/** Rows that one catch-up may hold. A worker that is further behind takes the head as its place. */
export const maxCatchUpRows = 5_000;

const maxHoleChecks = 3;

/** Collects pages of changes until they reach the head; a row that moved between two pages counts at its latest seq. */
export class CatchUp {
  #entries = new Map<number, PushRow>();
  /** Rows that are no entries of the list (number 0). */
  #marks: PushRow[] = [];
  #through = 0;
  #holeSeenAt: number | undefined;
  #holeChecks = 0;
  readonly #since: number | undefined;
  #numberBefore: number | undefined;

  /** @param since seq of a new row before which nothing is known, not even the number: see `StreamPosition.startFrom` */
  constructor(since?: number) {
    this.#since = since;
  }

  get through(): number {
    return this.#through;
  }

  add(changes: ChangesOfStream, place: Place): 'more' | 'complete' | 'too-far' {
    for (const { kind, seq, number, members, body } of changes.rows) {
      if (seq === this.#since && number > 0) this.#numberBefore ??= number - 1;
      if (seq > changes.through || seq <= this.#through) continue;
      const row = { kind, seq, number, members, body: Buffer.from(JSON.stringify(body)) };
      if (number > 0) this.#entries.set(number, row);
      else this.#marks.push(row);
    }
    this.#through = Math.max(this.#through, changes.through);
    if (this.#entries.size + this.#marks.length > maxCatchUpRows) return 'too-far';
    if (this.#through < changes.head.seq) return 'more';
    return this.#isWhole(changes.head.number, this.#from(place)) ? 'complete' : 'more';
  }

  deliveriesAfter(known: Place): Delivery[] {
    const place = this.#from(known);
    const rows = [...this.#entries.values(), ...this.#marks].filter((row) => row.seq > place.seq);
    const deliveries = rows.map((row) => toDelivery(row, place.number));
    const received = deliveries.filter(({ as }) => as === 'receive').sort((a, b) => a.row.number - b.row.number);
    const changed = deliveries.filter(({ as }) => as === 'change').sort((a, b) => a.row.seq - b.row.seq);
    return [...received, ...changed];
  }

  #from(place: Place): Place {
    return this.#numberBefore === undefined ? place : { ...place, number: this.#numberBefore };
  }

  /**
   * A new row that moved while the last page was read stands beyond it, and later rows must not overtake it: read on.
   * Where the head has not moved since, the number is gone for good.
   */
  #isWhole(headNumber: number, place: Place): boolean {
    let missing = headNumber - place.number;
    for (const number of this.#entries.keys()) if (number > place.number && number <= headNumber) missing -= 1;
    if (missing <= 0 || this.#holeSeenAt === this.#through || this.#holeChecks >= maxHoleChecks) return true;
    this.#holeSeenAt = this.#through;
    this.#holeChecks += 1;
    return false;
  }
}
