/** What one worker said of one user: so many connections, until then (ms since 1970). */
export type SaidCount = { readonly count: number; readonly until: number };

export function formatCount({ count, until }: SaidCount): string {
  return `${until} ${count}`;
}

/** Of what all workers said of one user: what counts elsewhere, and the workers whose word has long expired. */
export function elsewhereOf(
  said: Readonly<Record<string, string>>,
  { worker, now, ttlMs }: { readonly worker: string; readonly now: number; readonly ttlMs: number },
): { readonly connections: number; readonly dead: readonly string[] } {
  let connections = 0;
  const dead: string[] = [];
  for (const [other, text] of Object.entries(said)) {
    if (other === worker) continue;
    const { count, until } = parseCount(text);
    if (until > now) connections += count;
    // Another one's clock may be behind ours.
    else if (until + ttlMs <= now) dead.push(other);
  }
  return { connections, dead };
}

/** Nonsense is nobody's connection, and has expired. */
function parseCount(text: string): SaidCount {
  const [, until, count] = /^(\d{1,15}) (\d{1,9})$/.exec(text) ?? [];
  return { until: Number(until ?? 0), count: Number(count ?? 0) };
}
