export type PartState = {
  readonly ready: boolean;
  /** Only a required part that is not ready makes the process not ready: an outage that all replicas share must not. */
  readonly required: boolean;
  /** For the person who reads `/readyz`: what is there, or what is waited for. No addresses with passwords. */
  readonly detail: string;
};

export type ReadinessReport = { readonly ready: boolean; readonly parts: Readonly<Record<string, PartState>> };

/** What the process waits for, asked at each probe. */
export class Readiness {
  readonly #parts = new Map<string, () => PartState>();

  /** A part whose state changes by itself. */
  watch(part: string, state: () => PartState): void {
    this.#parts.set(part, state);
  }

  set(part: string, state: PartState): void {
    this.#parts.set(part, () => state);
  }

  report(): ReadinessReport {
    const parts = Object.fromEntries([...this.#parts].map(([part, state]) => [part, state()]));
    return { ready: Object.values(parts).every(({ ready, required }) => ready || !required), parts };
  }
}
