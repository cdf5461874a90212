/**
 * A place in a stream: everything up to and with `seq` of this `epoch` has been seen. `since`, of a reader that began with
 * nothing and has not come as far: the head when it began. What was deleted before that, it never knew.
 */
export type Cursor = { readonly epoch: string; readonly seq: number; readonly since?: number };

/** Opaque to clients. An epoch is 1–64 characters of `[A-Za-z0-9_-]`. */
export function formatCursor({ epoch, seq, since = 0 }: Cursor): string {
  const place = `${epoch}.${seq.toString(36)}`;
  return since > seq ? `${place}.${since.toString(36)}` : place;
}

/** undefined when `text` is no cursor of ours; callers answer that with `reload`, or with `bad_request` where a client made it up. */
export function parseCursor(text: string): Cursor | undefined {
  const match = /^([A-Za-z0-9_-]{1,64})\.([0-9a-z]{1,11})(?:\.([0-9a-z]{1,11}))?$/.exec(text);
  if (!match?.[1] || !match[2]) return undefined;
  const [seq, since] = [Number.parseInt(match[2], 36), match[3] && Number.parseInt(match[3], 36)];
  if (!Number.isSafeInteger(seq)) return undefined;
  if (!since) return { epoch: match[1], seq };
  return Number.isSafeInteger(since) ? { epoch: match[1], seq, since } : undefined;
}
