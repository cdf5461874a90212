/** A place in a stream: everything up to and with `seq` of this `epoch` has been seen. */
export type Cursor = { readonly epoch: string; readonly seq: number };

/** Opaque to clients. An epoch is 1–64 characters of `[A-Za-z0-9_-]`. */
export function formatCursor({ epoch, seq }: Cursor): string {
  return `${epoch}.${seq.toString(36)}`;
}

/** undefined when `text` is no cursor of ours; callers answer that with `reload`, or with `bad_request` where a client made it up. */
export function parseCursor(text: string): Cursor | undefined {
  const match = /^([A-Za-z0-9_-]{1,64})\.([0-9a-z]{1,11})$/.exec(text);
  if (!match?.[1] || !match[2]) return undefined;
  const seq = Number.parseInt(match[2], 36);
  return Number.isSafeInteger(seq) ? { epoch: match[1], seq } : undefined;
}
