import { apiDocPaths } from '#shared/api-docs/serve-api-docs.ts';
import { socketIoPath } from '#shared/contract/names.ts';

/** The parts that anybody may reach. */
export type PublicPart = 'gateway' | 'hub';

export const publicParts: readonly PublicPart[] = ['gateway', 'hub'];

/** `tree`: the path and all below it, by whole segments: `/api` is not `/api-docs`. */
export type PublicPath = { readonly path: string; readonly matches: 'tree' | 'exactly' };

/** All that is routed from outside. Never `/internal`, and never the port of operations. */
export const publicPaths: Readonly<Record<PublicPart, readonly PublicPath[]>> = {
  gateway: [
    { path: '/api', matches: 'tree' },
    ...Object.values(apiDocPaths).map((path): PublicPath => ({ path, matches: 'exactly' })),
  ],
  hub: [
    { path: '/hubs', matches: 'tree' },
    { path: socketIoPath, matches: 'tree' },
  ],
};
