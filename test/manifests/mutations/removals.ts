import type { Manifests } from '../rendered/manifests.ts';

/** A way to a field of an object: its names and indices. */
export type Path = readonly (string | number)[];

/** Every field of an object, at whatever depth: those of lists too, and parts before the whole. */
export function pathsIn(value: unknown, path: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [];
  const keys = Array.isArray(value) ? value.map((_, index) => index) : Object.keys(value);
  return keys.flatMap((key) => {
    const own = [...path, key];
    return [...pathsIn((value as Record<string | number, unknown>)[key], own), own];
  });
}

/** Removes the field while `whileGone` runs, and puts it back where it was. */
export function without<T>({ objects }: Manifests, index: number, path: Path, whileGone: () => T): T {
  const parent = path
    .slice(0, -1)
    .reduce<unknown>((at, key) => (at as Record<string | number, unknown>)[key], objects[index]);
  const key = path.at(-1) ?? '';
  if (Array.isArray(parent)) {
    const [removed] = parent.splice(Number(key), 1);
    try {
      return whileGone();
    } finally {
      parent.splice(Number(key), 0, removed);
    }
  }
  const record = parent as Record<string, unknown>;
  const removed = record[key];
  delete record[key];
  try {
    return whileGone();
  } finally {
    record[key] = removed;
  }
}

/** `Deployment/hub spec.template.spec.containers[hub].env[PORT]`: items of a list by their names. */
export function textOf(object: unknown, path: Path): string {
  let at = object as Record<string | number, unknown>;
  let text = '';
  for (const key of path) {
    const inner = at[key] as Record<string, unknown>;
    const name = Array.isArray(at) ? ((inner as { name?: string } | undefined)?.name ?? key) : undefined;
    text += name === undefined ? `${text === '' ? '' : '.'}${key}` : `[${name}]`;
    at = inner as Record<string | number, unknown>;
  }
  return text;
}
