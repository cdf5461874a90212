import type { Express } from 'express';

// What express keeps of each `use` and route; its types leave it out.
type Layer = {
  readonly path?: string;
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
  readonly handle: { readonly stack?: readonly Layer[] };
  match(path: string): boolean;
};

/** Methods that routes of `app` have for `path`, as `GET`; empty where nothing is routed. */
export function allowedMethods(app: Express, path: string): readonly string[] {
  const methods = new Set<string>();
  collect((app.router as unknown as { stack: readonly Layer[] }).stack, path, methods);
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods].sort();
}

function collect(stack: readonly Layer[], path: string, methods: Set<string>): void {
  for (const layer of stack) {
    const inner = layer.handle.stack;
    if (!layer.route && !inner) continue;
    if (!layer.match(path)) continue;
    for (const method of Object.keys(layer.route?.methods ?? {})) methods.add(method.toUpperCase());
    if (!layer.route && inner) collect(inner, path.slice((layer.path ?? '').length) || '/', methods);
  }
}
