/** The parts of `path` that the pattern names, as express has them; undefined when it does not match. */
export function match(pattern: string, path: string): Record<string, string> | undefined {
  const parts = path.split('/');
  const wanted = pattern.split('/');
  if (parts.length !== wanted.length) return undefined;
  const params: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(parts[index] ?? '');
    else if (part !== parts[index]) return undefined;
  }
  return params;
}
