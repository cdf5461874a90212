import type { Socket } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';

export type CutBy = 'close' | 'reset';

export type PipeFaults = {
  /** Each byte arrives that much later. At most 256 KB are under way, which bounds the throughput. */
  delayMs?: number;
  bytesPerSecond?: number;
  /** After so many more bytes of a connection both its sides are cut: in the middle of a frame, if need be. */
  cutAfterBytes?: number;
  /** @default 'close' */
  cutBy?: CutBy;
};

/** What may be under way before the sender feels that the receiver is slow. */
const MAX_QUEUED_BYTES = 256 * 1024;
const SLICES_PER_SECOND = 20;

/** One direction of one connection. */
export class Pipe {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #cut: (how: CutBy) => void;
  #faults: PipeFaults = {};
  #leftBeforeCut = Number.POSITIVE_INFINITY;
  /** undefined: the end of the stream. */
  readonly #queue: { bytes: Buffer | undefined; dueMs: number }[] = [];
  #queuedBytes = 0;
  #pumping = false;
  #thawed = Promise.resolve();
  #thaw = () => {};

  constructor(from: Socket, to: Socket, cut: (how: CutBy) => void) {
    this.#from = from;
    this.#to = to;
    this.#cut = cut;
    from.on('data', (bytes: Buffer) => this.#push(bytes));
    from.on('end', () => this.#push(undefined));
  }

  setFaults(faults: PipeFaults): void {
    this.#faults = faults;
    this.#leftBeforeCut = faults.cutAfterBytes ?? Number.POSITIVE_INFINITY;
  }

  /** Nothing passes until `thaw()`; then all that was held does, in order. */
  freeze(): void {
    this.thaw();
    this.#thawed = new Promise((resolve) => {
      this.#thaw = resolve;
    });
  }

  thaw(): void {
    this.#thaw();
  }

  #push(bytes: Buffer | undefined): void {
    this.#queue.push({ bytes, dueMs: Date.now() + (this.#faults.delayMs ?? 0) });
    this.#queuedBytes += bytes?.length ?? 0;
    if (this.#queuedBytes > MAX_QUEUED_BYTES) this.#from.pause();
    if (!this.#pumping) void this.#pump();
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      const early = next.dueMs - Date.now();
      if (early > 0) await after(early, undefined, { ref: false });
      await this.#thawed;
      if (next.bytes === undefined) this.#to.end();
      else await this.#send(next.bytes);
      this.#queuedBytes -= next.bytes?.length ?? 0;
      if (this.#queuedBytes <= MAX_QUEUED_BYTES) this.#from.resume();
    }
    this.#pumping = false;
  }

  async #send(bytes: Buffer): Promise<void> {
    for (let sent = 0; sent < bytes.length && !this.#to.destroyed; ) {
      const { bytesPerSecond, cutBy = 'close' } = this.#faults;
      const most = bytesPerSecond === undefined ? bytes.length : Math.ceil(bytesPerSecond / SLICES_PER_SECOND);
      const slice = bytes.subarray(sent, sent + Math.min(most, this.#leftBeforeCut));
      await this.#write(slice);
      sent += slice.length;
      this.#leftBeforeCut -= slice.length;
      if (this.#leftBeforeCut <= 0) this.#cut(cutBy);
      else if (bytesPerSecond !== undefined) {
        await after((1000 * slice.length) / bytesPerSecond, undefined, { ref: false });
      }
      await this.#thawed;
    }
  }

  /** Resolves when the kernel has taken the bytes, or when nobody ever will. */
  #write(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#to.off('close', done);
        resolve();
      };
      this.#to.once('close', done);
      this.#to.write(bytes, done);
    });
  }
}
