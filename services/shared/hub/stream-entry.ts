import type { StreamId } from '#shared/contract/ids.ts';
import type { Timer } from '#shared/runtime/clock.ts';
import { StreamPosition } from '#shared/stream/position.ts';
import type { Member } from './member.ts';

/** What this worker knows of one stream: who is here and how far it was handed on. */
export class StreamEntry {
  readonly stream: StreamId;
  readonly position = new StreamPosition();
  readonly members = new Set<Member>();
  unsubscribe: (() => void) | undefined;
  dropped = false;
  /** No repair is read for now: what it brings could not be handed on. */
  parked = false;
  linger: Timer | undefined;
  /** Waits for the missing frame of the gap that ends at `holdTarget`. */
  hold: Timer | undefined;
  holdTarget = 0;
  /** Repairs in a row that did not close the gap. */
  vainRepairs = 0;
  #waiting: (() => void)[] = [];

  constructor(stream: StreamId) {
    this.stream = stream;
  }

  /** Resolves when the place is known. */
  placed(): Promise<void> {
    if (this.position.place) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  tellPlaced(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
