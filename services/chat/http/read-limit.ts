import type { Query } from '#shared/http/query.ts';

/** `?limit=`: what is more than `cap` is taken for it. */
export function readLimit(
  query: Query,
  { default: fallback, cap }: { readonly default: number; readonly cap: number },
) {
  return Math.min(query.integer(['limit'], { default: fallback, min: 1, max: Number.MAX_SAFE_INTEGER }), cap);
}
