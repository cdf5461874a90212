export type Tracked = {
  /** Milliseconds from the planned time to the last member's display. */
  readonly displayMs: readonly number[];
  readonly duplicates: number;
  readonly missing: number;
};

/** Until when each message is displayed to everybody. */
export class Tracker {
  readonly #everybody: number;
  readonly #open = new Map<string, { readonly plannedAt: number; seen: number }>();
  readonly #displayMs: number[] = [];
  readonly #done = new Set<string>();
  #duplicates = 0;
  #onEmpty: (() => void) | undefined;
  lastAt = 0;

  /** @param members of each conversation, at most 30: who has seen a message is one bit */
  constructor(members: number) {
    this.#everybody = 2 ** members - 1;
  }

  planned(id: string, plannedAt: number): void {
    if (this.#everybody > 0) this.#open.set(id, { plannedAt, seen: 0 });
  }

  readonly displayed = (id: string, member: number): void => {
    const message = this.#open.get(id);
    const bit = 1 << member;
    if (!message || message.seen & bit) {
      if (message || this.#done.has(id)) this.#duplicates += 1;
      return;
    }
    message.seen |= bit;
    if (message.seen !== this.#everybody) return;
    this.lastAt = performance.now();
    this.#displayMs.push(this.lastAt - message.plannedAt);
    this.#open.delete(id);
    this.#done.add(id);
    if (this.#open.size === 0) this.#onEmpty?.();
  };

  /** Resolves when everything is displayed, or when `timeoutMs` are over. */
  async settled(timeoutMs: number): Promise<void> {
    if (this.#open.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.#onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#onEmpty = undefined;
  }

  /** What was measured since the last take. */
  take(): Tracked {
    const taken = { displayMs: this.#displayMs.splice(0), duplicates: this.#duplicates, missing: this.#open.size };
    this.#duplicates = 0;
    this.#open.clear();
    this.#done.clear();
    return taken;
  }
}
