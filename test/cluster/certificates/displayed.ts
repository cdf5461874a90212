/** What was acknowledged, and what of it was displayed: each once, and in the order in which it was acknowledged. */
export class Displayed {
  readonly #what: string;
  readonly #acknowledged: string[] = [];
  /** Identities of rows by content, in the order in which they were first displayed. */
  readonly #shown = new Map<string, Set<string>>();

  constructor(what: string) {
    this.#what = what;
  }

  get count(): number {
    return this.#acknowledged.length;
  }

  acknowledged(content: string): void {
    this.#acknowledged.push(content);
  }

  /** The same row again, as a list that is drawn anew shows it, is nothing new. */
  shown(content: string, id: string): void {
    this.#shown.set(content, (this.#shown.get(content) ?? new Set()).add(id));
  }

  whyNotFlowing(): string | undefined {
    return this.#acknowledged.some((it) => this.#shown.has(it)) ? undefined : `no ${this.#what} is displayed yet`;
  }

  missing(): string[] {
    return this.#acknowledged
      .filter((it) => !this.#shown.has(it))
      .map((it) => `${this.#what} ${it} was acknowledged and is not displayed`);
  }

  faults(): string[] {
    const known = new Set(this.#acknowledged);
    const inOrder = [...this.#shown.keys()].filter((it) => known.has(it));
    const wanted = this.#acknowledged.filter((it) => this.#shown.has(it));
    const twice = [...this.#shown].filter(([, ids]) => ids.size > 1).map(([it]) => `${this.#what} ${it} came twice`);
    const order = inOrder.join() === wanted.join() ? [] : [`${this.#what}s are displayed in another order`];
    return [...this.missing(), ...twice, ...order];
  }
}
