type Row = { readonly id: string; readonly number: number };
type Shown = Row & { readonly at: number };

/** What was acknowledged, and what each display has shown of it: no text is said twice. */
export class Ledger {
  readonly #name: string;
  readonly #displays = new Map<string, Map<string, Shown>>();
  /** With the time. */
  readonly #acknowledged = new Map<string, number>();
  #taken = 0;
  readonly #faults = new Set<string>();

  /** @param displays that must show everything */
  constructor(name: string, displays: readonly string[]) {
    this.#name = name;
    for (const display of displays) this.#displays.set(display, new Map());
  }

  acknowledged(text: string): void {
    this.#acknowledged.set(text, Date.now());
  }

  /** Showing the same row again, as a list that is drawn anew does, is not showing it twice. */
  shown(display: string, text: string, row: Row): void {
    const all = this.#displays.get(display);
    const before = all?.get(text);
    if (before === undefined) all?.set(text, { ...row, at: Date.now() });
    else if (before.id !== row.id) this.fault(`${display} was shown ${text} twice`);
  }

  fault(what: string): void {
    this.#faults.add(what);
  }

  /** Why it is not calm yet: something is acknowledged and not displayed. */
  missing(): string | undefined {
    const [first, ...more] = this.#missing();
    return first && `${first}${more.length > 0 ? ` and ${more.length} more` : ''}`;
  }

  /** Since the last time. `slowestMs`: from an acknowledgement to the last display. */
  take(): { times: readonly number[]; slowestMs: number; faults: readonly string[] } {
    const since = [...this.#acknowledged].slice(this.#taken);
    const lags = since.flatMap(([text, at]) =>
      [...this.#displays.values()].map((shown) => (shown.get(text)?.at ?? at) - at),
    );
    const faults = [...this.#faults, ...this.#missing(), ...this.#disordered()];
    this.#taken += since.length;
    this.#faults.clear();
    return { times: since.map(([, at]) => at), slowestMs: Math.max(0, ...lags), faults };
  }

  #missing(): string[] {
    return [...this.#displays].flatMap(([display, shown]) =>
      [...this.#acknowledged.keys()]
        .filter((text) => !shown.has(text))
        .map((text) => `${this.#name}: ${text} was acknowledged, and ${display} does not show it`),
    );
  }

  /** What one says comes in the order in which he said it: `alice 7` after `alice 6`. */
  #disordered(): string[] {
    return [...this.#displays].flatMap(([display, shown]) => {
      const said = new Map<string, number>();
      const faults: string[] = [];
      for (const [text] of [...shown].sort(([, a], [, b]) => a.number - b.number)) {
        const [who = '', index = ''] = text.split(' ');
        const last = said.get(who) ?? -1;
        if (Number(index) <= last) faults.push(`${display} shows ${text} after ${who} ${last}`);
        said.set(who, Number(index));
      }
      return faults;
    });
  }
}
