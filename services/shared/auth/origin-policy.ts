export interface OriginPolicy {
  /** `origin` is the request's header; undefined when it sends none, as programs that are no browser do. */
  allows(origin: string | undefined): boolean;
}

/** Exact match, no wildcards. */
export function createOriginPolicy({
  origins,
  allowAbsent,
}: {
  origins: readonly string[];
  allowAbsent: boolean;
}): OriginPolicy {
  const allowed = new Set(origins);
  return { allows: (origin) => (origin === undefined ? allowAbsent : allowed.has(origin)) };
}
