/** A query parameter by name in any case, as ASP.NET reads it; several are joined with a comma. */
export type Query = (name: string) => string | undefined;

export type RequestTarget = { readonly path: string; readonly query: Query };

/** `path` in lower case and without trailing slashes, since ASP.NET routes don't mind either. */
export function parseTarget(url: string): RequestTarget {
  const mark = url.indexOf('?');
  const path = normalizePath(mark === -1 ? url : url.slice(0, mark));
  const search = mark === -1 ? '' : url.slice(mark + 1);
  return {
    path,
    query(name) {
      const found = [];
      for (const [key, value] of new URLSearchParams(search)) {
        if (key.toLowerCase() === name.toLowerCase()) found.push(value);
      }
      return found.length === 0 ? undefined : found.join(',');
    },
  };
}

export function normalizePath(path: string): string {
  let end = path.length;
  while (end > 1 && path[end - 1] === '/') end--;
  return path.slice(0, end).toLowerCase();
}
