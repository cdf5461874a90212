import type { Backplane } from '#shared/backplane/backplane.ts';
import type { StreamId } from '#shared/contract/ids.ts';
import { streamChannel } from '#shared/contract/names.ts';
import { decodePushFrame } from '#shared/contract/push-frame.ts';
import type { Delivery } from '#shared/stream/position.ts';
import type { Member } from './member.ts';
import { Positions, type PositionsOptions } from './positions.ts';
import { StreamEntry } from './stream-entry.ts';

export type StreamsOptions = Omit<PositionsOptions<StreamEntry>, 'onDeliveries' | 'onLostPlace'> & {
  readonly backplane: Backplane;
  readonly onDelivery: (delivery: Delivery, members: ReadonlySet<Member>, stream: StreamId) => void;
  readonly onLostPlace: (members: ReadonlySet<Member>, stream: StreamId) => void;
};

/** Streams with one channel each, that clients join by name: subscribed while a client is here, and for the linger time. */
export class Streams {
  readonly #options: StreamsOptions;
  readonly #positions: Positions;
  #closed = false;

  constructor(options: StreamsOptions) {
    this.#options = options;
    const { backplane, onDelivery, onLostPlace } = options;
    this.#positions = new Positions({
      ...options,
      onDeliveries: (deliveries, { members, stream }) => {
        for (const delivery of deliveries) onDelivery(delivery, members, stream);
      },
      onLostPlace: ({ members, stream }) => onLostPlace(members, stream),
    });
    backplane.onStateChange((state) => state === 'up' && this.#positions.compareHeads());
  }

  /** The service did not answer the last read. */
  get sourceFailing(): boolean {
    return this.#positions.failing;
  }

  /** The entry of `stream`, kept at least for the linger time. */
  entry(stream: StreamId): StreamEntry {
    const known = this.#positions.get(stream);
    if (known) {
      if (!known.position.place) this.#positions.wantHead(known);
      return known;
    }
    const entry = new StreamEntry(stream);
    this.#positions.add(entry);
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
    const entry = this.#positions.get(stream);
    if (entry?.members.delete(member)) this.#lingerIfEmpty(entry);
  }

  close(): void {
    this.#closed = true;
    this.#positions.close();
  }

  async #subscribe(entry: StreamEntry): Promise<void> {
    const { backplane, log } = this.#options;
    // Frames can't come while it is down; the heads are compared again when it is back.
    if (backplane.state === 'down') this.#positions.wantHead(entry);
    try {
      const { unsubscribe } = await backplane.subscribe(streamChannel(entry.stream), (bytes) =>
        this.#frameCame(entry, bytes),
      );
      if (entry.dropped) return unsubscribe();
      entry.unsubscribe = unsubscribe;
      this.#positions.wantHead(entry);
    } catch (error) {
      if (!this.#closed) log.error({ err: error }, 'subscribing a stream failed');
    }
  }

  #frameCame(entry: StreamEntry, bytes: Uint8Array): void {
    const frame = decodePushFrame(bytes);
    if (frame && frame.stream === entry.stream) {
      this.#positions.frame(entry, frame);
      return;
    }
    this.#options.metrics.frames.inc({ outcome: 'unreadable' });
    this.#positions.wantHead(entry);
  }

  #lingerIfEmpty(entry: StreamEntry): void {
    if (entry.members.size > 0 || this.#closed) return;
    entry.linger?.cancel();
    entry.linger = this.#options.clock.after(this.#options.limits.lingerMs, () => this.#positions.drop(entry));
  }
}
