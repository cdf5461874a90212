import type { Clock } from '#shared/runtime/clock.ts';

/** Another process's new epoch is seen within that time. */
const ageMs = 1_000;

/** A store's epoch, which every push asks for: read anew once a second. */
export class EpochCache {
  readonly #read: () => Promise<string>;
  readonly #clock: Clock;
  #known: { readonly readAt: number; readonly value: Promise<string> } | undefined;

  constructor(read: () => Promise<string>, clock: Clock) {
    this.#read = read;
    this.#clock = clock;
  }

  get(): Promise<string> {
    const now = this.#clock.now();
    if (this.#known && Math.abs(now - this.#known.readAt) < ageMs) return this.#known.value;
    const known = { readAt: now, value: this.#read() };
    this.#known = known;
    known.value.catch(() => {
      if (this.#known === known) this.#known = undefined;
    });
    return known.value;
  }

  /** After a new epoch was begun here. */
  forget(): void {
    this.#known = undefined;
  }
}
