/** How far the user has read a conversation, told to the server with one call at a time, the last word last. */
export class ReadMark {
  readonly #mark: (number: number) => Promise<void>;
  #reading: Promise<void> | undefined;
  #wanted = 0;

  constructor(mark: (number: number) => Promise<void>) {
    this.#mark = mark;
  }

  /** @param known as far as the server knows already. Rejects as `mark` does. */
  async moveTo(number: number, known: number): Promise<void> {
    if (number <= Math.max(this.#wanted, known)) return this.#reading;
    this.#wanted = number;
    this.#reading ??= this.#markWanted().finally(() => {
      this.#reading = undefined;
      this.#wanted = 0;
    });
    return this.#reading;
  }

  async #markWanted(): Promise<void> {
    for (let number = 0; number < this.#wanted; ) {
      number = this.#wanted;
      await this.#mark(number);
    }
  }
}
