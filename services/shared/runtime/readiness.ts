export type PartState = {
  readonly ready: boolean;
  /** Whether nothing can be served without this part. An outage of a server that we merely use makes nobody NotReady. */
  readonly required: boolean;
  /** What is waited for, for a person; no secrets. */
  readonly detail: string;
};

export type ReadinessReport = { readonly ready: boolean; readonly parts: Readonly<Record<string, PartState>> };

/** What a process waits for. Ready while each required part is. */
export class Readiness {
  readonly #parts = new Map<string, PartState>();

  /** The latest state counts. */
  set(part: string, state: PartState): void {
    this.#parts.set(part, state);
  }

  report(): ReadinessReport {
    const ready = this.#parts.values().every((part) => part.ready || !part.required);
    return { ready, parts: Object.fromEntries(this.#parts) };
  }
}
