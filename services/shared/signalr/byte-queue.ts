const empty = Buffer.alloc(0);

/** Bytes that came and are not read yet. Appending is amortised constant however small the pieces are. */
export class ByteQueue {
  #buffer: Buffer = empty;
  #start = 0;
  #end = 0;
  /** Whether the buffer is a piece of somebody else's, which must not be written to and should not be kept long. */
  #borrowed = false;

  get length(): number {
    return this.#end - this.#start;
  }

  /** A view of all of it, valid until the next call. */
  peek(): Uint8Array {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  append(bytes: Uint8Array): void {
    if (this.length === 0) {
      this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      this.#start = 0;
      this.#end = bytes.length;
      this.#borrowed = true;
      return;
    }
    if (this.#borrowed || this.#end + bytes.length > this.#buffer.length) this.#grow(bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  consume(count: number): void {
    this.#start += count;
    if (this.length === 0) this.clear();
  }

  /** Lets go of a big borrowed buffer of which only a rest is left. */
  settle(): void {
    if (this.#borrowed && this.length > 0) this.#grow(0);
  }

  clear(): void {
    this.#buffer = empty;
    this.#start = 0;
    this.#end = 0;
    this.#borrowed = false;
  }

  #grow(extra: number): void {
    const length = this.length;
    const grown = Buffer.allocUnsafeSlow(Math.max(64, 2 * length, length + extra));
    grown.set(this.peek());
    this.#buffer = grown;
    this.#start = 0;
    this.#end = length;
    this.#borrowed = false;
  }
}
