/** Writes each connection's messages of one tick in one go. */
export class Flusher {
  #dirty: { flush(): void }[] = [];

  mark(member: { flush(): void }): void {
    if (this.#dirty.length === 0) setImmediate(() => this.#flush());
    this.#dirty.push(member);
  }

  #flush(): void {
    const dirty = this.#dirty;
    this.#dirty = [];
    for (const member of dirty) member.flush();
  }
}
