import { socketIoPath } from '#shared/contract/names.ts';

export type ServiceName = 'notification' | 'chat' | 'hub';

/** `rest`: one short answer. `signalr` and `socket.io`: connections that stay, forwarded only where the gateway is told to. */
export type Route = {
  readonly name: 'notifications' | 'chat' | 'hubs' | 'socket.io';
  readonly kind: 'rest' | 'signalr' | 'socket.io';
  readonly service: ServiceName;
};

const routes: readonly (Route & { readonly path: string })[] = [
  { path: '/api/notifications', name: 'notifications', kind: 'rest', service: 'notification' },
  { path: '/api/chat', name: 'chat', kind: 'rest', service: 'chat' },
  { path: '/hubs', name: 'hubs', kind: 'signalr', service: 'hub' },
  { path: socketIoPath, name: 'socket.io', kind: 'socket.io', service: 'hub' },
];

/**
 * Where a request target belongs: a path of the table or one below it, in any letter case, as .NET and express route.
 * undefined for everything else, `/internal` included.
 */
export function findRoute(target: string): Route | undefined {
  const path = pathOf(target).toLowerCase();
  if (!isPlain(path)) return undefined;
  return routes.find((route) => path === route.path || path.startsWith(`${route.path}/`));
}

/** Without the query. */
export function pathOf(target: string): string {
  const mark = target.indexOf('?');
  return mark === -1 ? target : target.slice(0, mark);
}

/** Query parameters by name in any letter case, as ASP.NET reads them. */
export function hasParameter(target: string, name: string): boolean {
  const mark = target.indexOf('?');
  if (mark === -1) return false;
  for (const [key, value] of new URLSearchParams(target.slice(mark + 1))) {
    if (key.toLowerCase() === name && value !== '') return true;
  }
  return false;
}

/** Whatever a server behind us might resolve to another path than the one that was routed is not plain. */
function isPlain(path: string): boolean {
  return path.startsWith('/') && !/\/\/|\\|%(?:2f|5c|00)|\/(?:\.|%2e){1,2}(?:\/|$)/.test(path);
}
