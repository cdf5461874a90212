export type Backoff = { readonly baseMs: number; readonly capMs: number };

/** Full jitter: anywhere between half and all of `base · 2^attempt`, capped. `attempt` counts from 0. */
export function backoffMs(attempt: number, { baseMs, capMs }: Backoff, random: () => number = Math.random): number {
  const ceiling = Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(ceiling / 2 + (random() * ceiling) / 2);
}
