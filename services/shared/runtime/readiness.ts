export type PartState = {
  readonly ready: boolean;
  /** Whether nothing can be served without this part. An outage of a server that we merely use makes nobody NotReady. */
  readonly required: boolean;
  /** What is waited for, for a person; no secrets. */
  readonly detail: string;
};

export type ReadinessReport = { readonly ready: boolean; readonly parts: Readonly<Record<string, PartState>> };

const starting: PartState = { ready: false, required: true, detail: 'starting' };
const running: PartState = { ready: true, required: true, detail: 'running' };
const stopping: PartState = { ready: false, required: true, detail: 'stopping' };

/** What a process waits for. Ready from `started` to `stopping`, while each required part is. */
export class Readiness {
  readonly #parts = new Map<string, () => PartState>([['process', () => starting]]);

  /** Every part is known: before that, nothing to wait for would look like nothing left to wait for. */
  started(): void {
    this.set('process', running);
  }

  stopping(): void {
    this.set('process', stopping);
  }

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
