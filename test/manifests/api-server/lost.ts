/** Leaves of what was applied that the live object does not have, or has otherwise. */
export function lost(applied: unknown, live: unknown, path = ''): string[] {
  if (typeof applied !== 'object' || applied === null) {
    return applied === live ? [] : [`${path}: applied ${JSON.stringify(applied)}, is ${JSON.stringify(live)}`];
  }
  const there = (typeof live === 'object' && live !== null ? live : {}) as Record<string, unknown>;
  // A server that leaves out an empty part means the same.
  return Object.entries(applied).flatMap(([key, value]) => lost(value, there[key], `${path}/${key}`));
}
