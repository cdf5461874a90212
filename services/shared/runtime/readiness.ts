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
  readonly #parts = new Map<string, () => PartState>();

  /** A part that is asked at each report. */
  watch(part: string, state: () => PartState): void {
    this.#parts.set(part, state);
  }

  /** A part that says when it changes: the latest state counts. */
  set(part: string, state: PartState): void {
    this.#parts.set(part, () => state);
  }

  report(): ReadinessReport {
    const parts = Object.fromEntries([...this.#parts].map(([part, state]) => [part, state()]));
    return { ready: Object.values(parts).every(({ ready, required }) => ready || !required), parts };
  }
}
