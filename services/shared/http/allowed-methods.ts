import type { Express } from 'express';

// What express keeps of each `use` and each route; its types leave it out.
type Layer = {
  readonly route?: { readonly methods: Readonly<Record<string, boolean>> };
  readonly handle: { readonly stack?: readonly Layer[] };
  match(path: string): false | { readonly path: string };
};

/** Methods that the routes of `app` and of its routers have for `path`, as `GET`; empty where nothing is routed. */
export function allowedMethods(app: Express, path: string): readonly string[] {
  const methods = new Set<string>();
  collect((app.router as unknown as { stack: readonly Layer[] }).stack, path, methods);
  if (methods.has('GET')) methods.add('HEAD');
  return [...methods].sort();
}

function collect(stack: readonly Layer[], path: string, methods: Set<string>): void {
  for (const layer of stack) {
    const inner = layer.route ? undefined : layer.handle.stack;
    const match = (layer.route || inner) && layer.match(path);
    if (!match) continue;
    for (const method of Object.keys(layer.route?.methods ?? {})) methods.add(method.toUpperCase());
    if (inner) collect(inner, path.slice(match.path.length) || '/', methods);
  }
}
