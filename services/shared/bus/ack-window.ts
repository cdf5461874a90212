/**
 * Which deliveries of one channel are settled, so that a contiguous run of them is acknowledged at once. Tags count
 * from 1 in order of delivery. No allocation while messages are settled in order.
 */
export class AckWindow {
  /** Lowest tag that is not settled. */
  #lowest = 1;
  /** Highest settled tag below `#lowest` that the broker still holds; 0 when there is none. */
  #ackUpTo = 0;
  /** Settled tags above `#lowest`: the value is whether the broker still holds it. */
  readonly #ahead = new Map<number, boolean>();
  #held = 0;
  #heldBelow = 0;

  /** Settled deliveries that the broker does not know of yet. */
  get pending(): number {
    return this.#held;
  }

  /** Of these, the ones behind a delivery that is not settled. */
  get stragglers(): number {
    return this.#held - this.#heldBelow;
  }

  settle(tag: number): void {
    this.#held += 1;
    this.#pass(tag, true);
  }

  /** Settled, and the broker was told by other means. */
  skip(tag: number): void {
    this.#pass(tag, false);
  }

  /** The tag to acknowledge with `multiple`; undefined when the run is empty. */
  takeRun(): number | undefined {
    if (this.#ackUpTo === 0) return undefined;
    const upTo = this.#ackUpTo;
    this.#ackUpTo = 0;
    this.#held -= this.#heldBelow;
    this.#heldBelow = 0;
    return upTo;
  }

  /** Tags to acknowledge one by one, so that a delivery that takes long holds back nothing else. */
  takeStragglers(): number[] {
    const tags: number[] = [];
    for (const [tag, held] of this.#ahead) if (held) tags.push(tag);
    for (const tag of tags) this.#ahead.set(tag, false);
    this.#held -= tags.length;
    return tags;
  }

  #pass(tag: number, held: boolean): void {
    if (tag !== this.#lowest) {
      this.#ahead.set(tag, held);
      return;
    }
    this.#include(tag, held);
    if (this.#ahead.size === 0) return;
    for (;;) {
      const next = this.#ahead.get(this.#lowest);
      if (next === undefined) return;
      this.#ahead.delete(this.#lowest);
      this.#include(this.#lowest, next);
    }
  }

  #include(tag: number, held: boolean): void {
    this.#lowest = tag + 1;
    // RabbitMQ refuses a multiple acknowledgement that names a tag which it no longer holds.
    if (held) {
      this.#ackUpTo = tag;
      this.#heldBelow += 1;
    }
  }
}
