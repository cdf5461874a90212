/** A queue with two ends; every operation takes constant time, amortised. */
export class Deque<T> {
  #items: T[] = [];
  #start = 0;

  get length(): number {
    return this.#items.length - this.#start;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  shift(): T | undefined {
    if (this.#start === this.#items.length) return undefined;
    const item = this.#items[this.#start];
    this.#start += 1;
    if (this.#start > 1_024 && this.#start * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#start);
      this.#start = 0;
    }
    return item;
  }

  peek(): T | undefined {
    return this.#items[this.#start];
  }

  /** Puts `items` before the first, in their order. */
  unshift(items: readonly T[]): void {
    if (items.length === 0) return;
    this.#items = [...items, ...this.#items.slice(this.#start)];
    this.#start = 0;
  }

  values(): readonly T[] {
    return this.#items.slice(this.#start);
  }
}
