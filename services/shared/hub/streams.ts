import type { Backplane } from '#shared/backplane/backplane.ts';
import type { StreamId } from '#shared/contract/ids.ts';
import { type ChangesOfStream, maxInternalBatch, type StreamSource } from '#shared/contract/internal-calls.ts';
import { streamChannel } from '#shared/contract/names.ts';
import { decodePushFrame } from '#shared/contract/push-frame.ts';
import { backoffMs } from '#shared/runtime/backoff.ts';
import type { Clock, Timer } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import type { Delivery, PositionUpdate } from '#shared/stream/position.ts';
import { BatchReader } from './batch-reader.ts';
import type { HubLimits } from './hub-limits.ts';
import type { HubMetrics } from './hub-metrics.ts';
import type { Member } from './member.ts';
import { StreamEntry } from './stream-entry.ts';

/** Streams in one read of changes, and rows of each: bounds one answer. */
const maxRepairBatch = 50;
const repairPageRows = 200;

export type StreamsOptions = {
  readonly source: StreamSource;
  readonly backplane: Backplane;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: HubMetrics;
  readonly limits: HubLimits;
  readonly random: () => number;
  readonly onDelivery: (delivery: Delivery, members: ReadonlySet<Member>, stream: StreamId) => void;
  readonly onLostPlace: (members: ReadonlySet<Member>, stream: StreamId) => void;
};

/** Keeps the place of every stream that has members here: subscribes first, reads the head after, repairs once for all. */
export class Streams {
  readonly #options: StreamsOptions;
  readonly #heads: BatchReader<StreamEntry>;
  readonly #changes: BatchReader<StreamEntry>;
  #entries = new Map<StreamId, StreamEntry>();
  #comparison: Timer | undefined;
  #closed = false;

  constructor(options: StreamsOptions) {
    this.#options = options;
    const { clock, log, metrics, backplane } = options;
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
    backplane.onStateChange((state) => state === 'up' && this.compareHeads());
    this.#scheduleComparison();
  }

  /** The service did not answer the last read. */
  get sourceFailing(): boolean {
    return this.#heads.failing || this.#changes.failing;
  }

  /** The entry of `stream`, kept at least for the linger time. */
  entry(stream: StreamId): StreamEntry {
    const known = this.#entries.get(stream);
    if (known) {
      if (!known.position.place) this.#heads.want(known);
      return known;
    }
    const entry = new StreamEntry(stream);
    this.#entries.set(stream, entry);
    this.#options.metrics.streams.set(this.#entries.size);
    this.#lingerIfEmpty(entry);
    void this.#subscribe(entry);
    return entry;
  }

  join(stream: StreamId, member: Member): void {
    const entry = this.entry(stream);
    entry.linger?.cancel();
    entry.linger = undefined;
    entry.members.add(member);
  }

  leave(stream: StreamId, member: Member): void {
    const entry = this.#entries.get(stream);
    if (entry?.members.delete(member)) this.#lingerIfEmpty(entry);
  }

  /** Reads the heads of all streams now: frames may have been lost. */
  compareHeads(): void {
    for (const entry of this.#entries.values()) this.#heads.want(entry);
  }

  close(): void {
    this.#closed = true;
    this.#comparison?.cancel();
    this.#heads.close();
    this.#changes.close();
    for (const entry of this.#entries.values()) this.#drop(entry);
  }

  #scheduleComparison(): void {
    const { clock, limits, random } = this.#options;
    this.#comparison = clock.after(limits.compareEveryMs * (0.8 + 0.4 * random()), () => {
      this.compareHeads();
      this.#scheduleComparison();
    });
  }

  async #subscribe(entry: StreamEntry): Promise<void> {
    const { backplane, log } = this.#options;
    // Frames can't come while it is down; the heads are compared again when it is back.
    if (backplane.state === 'down') this.#heads.want(entry);
    try {
      const { unsubscribe } = await backplane.subscribe(streamChannel(entry.stream), (bytes) =>
        this.#frameCame(entry, bytes),
      );
      if (entry.dropped) return unsubscribe();
      entry.unsubscribe = unsubscribe;
      this.#heads.want(entry);
    } catch (error) {
      if (!this.#closed) log.error({ err: error }, 'subscribing a stream failed');
    }
  }

  #frameCame(entry: StreamEntry, bytes: Uint8Array): void {
    const { metrics } = this.#options;
    const frame = decodePushFrame(bytes);
    if (!frame || frame.stream !== entry.stream) {
      metrics.frames.inc({ outcome: 'unreadable' });
      this.#heads.want(entry);
      return;
    }
    if (entry.members.size === 0) metrics.framesForNobody.inc();
    const { outcome, deliveries } = entry.position.frame(frame);
    metrics.frames.inc({ outcome });
    this.#handOn(entry, { deliveries, lost: false });
  }

  async #readHeads(entries: readonly StreamEntry[]): Promise<void> {
    const answer = await this.#options.source.heads({ streams: entries.map(({ stream }) => stream) });
    const heads = new Map(answer.heads.map((head) => [head.stream, head]));
    for (const entry of entries) {
      const head = heads.get(entry.stream);
      if (!head || entry.dropped) continue;
      const place = { epoch: answer.epoch, seq: head.seq, number: head.number };
      this.#handOn(entry, entry.position.headRead(place, { replay: entry.members.size > 0 }));
    }
  }

  async #readChanges(entries: readonly StreamEntry[]): Promise<void> {
    const { source, metrics } = this.#options;
    const asked = entries.filter(({ position, dropped }) => !dropped && position.need === 'repair');
    if (asked.length === 0) return;
    const requests = asked.map(({ stream, position }) => ({ stream, after: position.repairFrom }));
    const answer = await source.changes({ requests, limit: repairPageRows });
    const byStream = new Map<StreamId, ChangesOfStream>(answer.changes.map((changes) => [changes.stream, changes]));
    for (const [index, entry] of asked.entries()) {
      const changes = byStream.get(entry.stream);
      if (!changes || entry.dropped) continue;
      metrics.repairs.inc();
      const update = entry.position.changesRead(answer.epoch, changes);
      const advanced = entry.position.repairFrom > (requests[index]?.after ?? 0);
      entry.vainRepairs = advanced ? 0 : entry.vainRepairs + 1;
      if (advanced && changes.through < changes.head.seq) this.#changes.want(entry);
      this.#handOn(entry, update);
    }
  }

  #handOn(entry: StreamEntry, { deliveries, lost }: PositionUpdate): void {
    const { onDelivery, onLostPlace, metrics, log } = this.#options;
    if (entry.position.place) entry.tellPlaced();
    for (const delivery of deliveries) onDelivery(delivery, entry.members, entry.stream);
    if (lost) {
      metrics.lostPlaces.inc();
      log.warn({ stream: entry.stream }, 'the place in a stream was lost, going on at its head');
      onLostPlace(entry.members, entry.stream);
    }
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
  #holdGap(entry: StreamEntry): void {
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

  #lingerIfEmpty(entry: StreamEntry): void {
    if (entry.members.size > 0 || this.#closed) return;
    entry.linger?.cancel();
    entry.linger = this.#options.clock.after(this.#options.limits.lingerMs, () => this.#drop(entry));
  }

  #drop(entry: StreamEntry): void {
    entry.dropped = true;
    entry.linger?.cancel();
    entry.hold?.cancel();
    this.#heads.forget(entry);
    this.#changes.forget(entry);
    entry.unsubscribe?.();
    entry.tellPlaced();
    this.#entries.delete(entry.stream);
    this.#options.metrics.streams.set(this.#entries.size);
  }
}
