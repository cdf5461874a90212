import type { StreamId } from '#shared/contract/ids.ts';
import {
  type ChangesOfStream,
  maxInternalBatch,
  type StreamHead,
  type StreamSource,
} from '#shared/contract/internal-calls.ts';
import type { PushFrame } from '#shared/contract/push-frame.ts';
import { backoffMs } from '#shared/runtime/backoff.ts';
import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { Delivery, Place, PositionUpdate } from '#shared/stream/position.ts';
import { BatchReader } from './batch-reader.ts';
import type { HubLimits } from './hub-limits.ts';
import type { HubMetrics } from './hub-metrics.ts';
import type { StreamEntry } from './stream-entry.ts';

/** Streams in one read of changes, and rows of each: bounds one answer. */
const maxRepairBatch = 50;
const repairPageRows = 200;

export type PositionsOptions<Entry extends StreamEntry> = {
  readonly source: StreamSource;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: HubMetrics;
  readonly limits: HubLimits;
  readonly random: () => number;
  /** In order, at least one. `before`: where the stream stood; undefined: nowhere. */
  readonly onDeliveries: (deliveries: readonly Delivery[], entry: Entry, before: Place | undefined) => void;
  /** What was read of a stream, after all else that follows from it. */
  readonly onHead?: (head: Pick<StreamHead, 'members'>, entry: Entry) => void;
  /** Before the deliveries of the same read. */
  readonly onLostPlace: (entry: Entry) => void;
};

/** Keeps the place of each stream of one service: reads heads, compares them, repairs gaps once for all members. */
export class Positions<Entry extends StreamEntry = StreamEntry> {
  readonly #options: PositionsOptions<Entry>;
  readonly #heads: BatchReader<Entry>;
  readonly #changes: BatchReader<Entry>;
  #entries = new Map<StreamId, Entry>();
  #comparison: Timer | undefined;

  constructor(options: PositionsOptions<Entry>) {
    this.#options = options;
    const { clock, log, metrics } = options;
    const onFailure = () => metrics.sourceFailures.inc();
    this.#heads = new BatchReader({
      what: 'heads',
      maxBatch: maxInternalBatch,
      clock,
      log,
      onFailure,
      read: (entries) => this.#readHeads(entries),
    });
    this.#changes = new BatchReader({
      what: 'changes',
      maxBatch: maxRepairBatch,
      clock,
      log,
      onFailure,
      read: (entries) => this.#readChanges(entries),
    });
    this.#scheduleComparison();
  }

  /** The service did not answer the last read. */
  get failing(): boolean {
    return this.#heads.failing || this.#changes.failing;
  }

  get(stream: StreamId): Entry | undefined {
    return this.#entries.get(stream);
  }

  get entries(): Iterable<Entry> {
    return this.#entries.values();
  }

  /** The place is not read before `wantHead`: subscribe first. */
  add(entry: Entry): void {
    this.#entries.set(entry.stream, entry);
    this.#options.metrics.streams.inc();
  }

  wantHead(entry: Entry): void {
    this.#heads.want(entry);
  }

  /** Reads the heads of all streams now: frames may have been lost. */
  compareHeads(): void {
    for (const entry of this.#entries.values()) this.#heads.want(entry);
  }

  frame(entry: Entry, frame: PushFrame): void {
    const { metrics } = this.#options;
    if (entry.members.size === 0) metrics.framesForNobody.inc();
    const before = entry.position.place;
    const { outcome, deliveries } = entry.position.frame(frame);
    metrics.frames.inc({ outcome });
    this.#handOn(entry, { deliveries, lost: false }, before);
  }

  /** The position was moved from outside. */
  recheck(entry: Entry): void {
    this.#followNeed(entry);
  }

  drop(entry: Entry): void {
    if (entry.dropped) return;
    entry.dropped = true;
    entry.linger?.cancel();
    entry.hold?.cancel();
    this.#heads.forget(entry);
    this.#changes.forget(entry);
    entry.unsubscribe?.();
    entry.tellPlaced();
    this.#entries.delete(entry.stream);
    this.#options.metrics.streams.dec();
  }

  close(): void {
    this.#comparison?.cancel();
    this.#heads.close();
    this.#changes.close();
    for (const entry of this.#entries.values()) this.drop(entry);
  }

  #scheduleComparison(): void {
    const { clock, limits, random } = this.#options;
    this.#comparison = clock.after(limits.compareEveryMs * (0.8 + 0.4 * random()), () => {
      this.compareHeads();
      this.#scheduleComparison();
    });
  }

  async #readHeads(entries: readonly Entry[]): Promise<void> {
    const answer = await this.#options.source.heads({ streams: entries.map(({ stream }) => stream) });
    const heads = new Map(answer.heads.map((head) => [head.stream, head]));
    for (const entry of entries) {
      const head = heads.get(entry.stream);
      if (!head || entry.dropped) continue;
      const before = entry.position.place;
      const place = { epoch: answer.epoch, seq: head.seq, number: head.number };
      const update = entry.position.headRead(place, { replay: entry.members.size > 0 });
      this.#handOn(entry, update, before);
      this.#options.onHead?.(head, entry);
    }
  }

  async #readChanges(entries: readonly Entry[]): Promise<void> {
    const { source, metrics } = this.#options;
    const asked = entries.filter(({ position, dropped, parked }) => !dropped && !parked && position.need === 'repair');
    if (asked.length === 0) return;
    const requests = asked.map(({ stream, position }) => ({ stream, after: position.repairFrom }));
    const answer = await source.changes({ requests, limit: repairPageRows });
    const byStream = new Map<StreamId, ChangesOfStream>(answer.changes.map((changes) => [changes.stream, changes]));
    for (const [index, entry] of asked.entries()) {
      const changes = byStream.get(entry.stream);
      if (!changes || entry.dropped) continue;
      metrics.repairs.inc();
      this.#applyChanges(entry, answer.epoch, changes, requests[index]?.after ?? 0);
    }
  }

  #applyChanges(entry: Entry, epoch: string, changes: ChangesOfStream, after: number): void {
    // The position was moved back meanwhile: what lies before `after` is not in this answer.
    if (entry.position.repairFrom < after) {
      this.#changes.want(entry);
      return;
    }
    const before = entry.position.place;
    const update = entry.position.changesRead(epoch, changes);
    const advanced = entry.position.repairFrom > after;
    entry.vainRepairs = advanced ? 0 : entry.vainRepairs + 1;
    if (advanced && changes.through < changes.head.seq) this.#changes.want(entry);
    this.#handOn(entry, update, before);
    this.#options.onHead?.(changes.head, entry);
  }

  #handOn(entry: Entry, { deliveries, lost }: PositionUpdate, before: Place | undefined): void {
    const { onDeliveries, onLostPlace, metrics, log } = this.#options;
    if (lost) {
      metrics.lostPlaces.inc();
      log.warn({ stream: entry.stream }, 'the place in a stream was lost, going on at its head');
      onLostPlace(entry);
    }
    if (entry.position.place) entry.tellPlaced();
    if (deliveries.length > 0) onDeliveries(deliveries, entry, lost ? undefined : before);
    this.#followNeed(entry);
  }

  #followNeed(entry: Entry): void {
    switch (entry.position.need) {
      case 'nothing':
        entry.vainRepairs = 0;
        return;
      case 'place':
        if (entry.members.size > 0 && entry.position.place) this.#heads.want(entry);
        return;
      case 'repair':
        if (entry.members.size > 0) this.#holdGap(entry);
        else entry.position.forget();
    }
  }

  /** Frames overtake each other and heads overtake frames: most gaps close by themselves. */
  #holdGap(entry: Entry): void {
    if (entry.hold || entry.dropped) return;
    const { clock, limits, random } = this.#options;
    entry.holdTarget = entry.position.target;
    const holdMs = limits.holdMinMs + random() * (limits.holdMaxMs - limits.holdMinMs);
    const vainMs = entry.vainRepairs > 0 ? backoffMs(entry.vainRepairs, { baseMs: limits.holdMaxMs, capMs: 5_000 }) : 0;
    entry.hold = clock.after(Math.max(holdMs, vainMs), () => {
      entry.hold = undefined;
      if (entry.position.need !== 'repair') return;
      if ((entry.position.place?.seq ?? 0) >= entry.holdTarget) this.#holdGap(entry);
      else this.#changes.want(entry);
    });
  }
}
