import { notificationStream, type StreamId, type UserId } from '#shared/contract/ids.ts';
import type { ChangesOfStream } from '#shared/contract/internal-calls.ts';
import type { PushFrame, PushKind } from '#shared/contract/push-frame.ts';
import type { Place } from './position-delivery.ts';

type LoggedRow = ChangesOfStream['rows'][number];

/** A stream by decisions 1 and 2, in memory: what the rules of positioning are proved against. Each write returns the frame that a service would publish. */
export class SimulatedStream {
  readonly stream: StreamId;
  readonly epoch: string;
  /** Of the rows that are written from now on. */
  members = 0;
  #seq = 0;
  #number = 0;
  #rows = new Map<number, LoggedRow>();

  constructor(epoch = 'epoch', user = 'alice') {
    this.epoch = epoch;
    this.stream = notificationStream(user as UserId);
  }

  get head(): Place {
    return { epoch: this.epoch, seq: this.#seq, number: this.#number };
  }

  /** Ascending by seq. */
  get rows(): readonly LoggedRow[] {
    return [...this.#rows.values()].sort((a, b) => a.seq - b.seq);
  }

  create(body: unknown = { text: `row ${this.#number + 1}` }): PushFrame {
    this.#number += 1;
    return this.#write('notification', this.#number, body);
  }

  /** Changes a row; one that is deleted stays so. */
  change(number: number): PushFrame {
    const { kind, body } = this.#rows.get(number) ?? { kind: 'notification', body: null };
    return this.#write(kind, number, body);
  }

  remove(number: number): PushFrame {
    return this.#write('deleted', number, { id: String(number) });
  }

  markRead(): PushFrame {
    return this.#write('read', 0, { readThrough: this.#number });
  }

  purge(number: number): void {
    this.#rows.delete(number);
  }

  changes(after: number, limit: number): ChangesOfStream {
    const rest = this.rows.filter(({ seq }) => seq > after);
    const rows = rest.slice(0, limit);
    const through = rows.length < rest.length ? (rows.at(-1)?.seq ?? this.#seq) : this.#seq;
    const head = { seq: this.#seq, number: this.#number, members: this.members };
    return { stream: this.stream, rows, through, head, reload: false };
  }

  #write(kind: PushKind, number: number, body: unknown): PushFrame {
    this.#seq += 1;
    const row = { kind, seq: this.#seq, number, members: this.members, body };
    this.#rows.set(number, row);
    return { ...row, stream: this.stream, epoch: this.epoch, body: Buffer.from(JSON.stringify(body)) };
  }
}
