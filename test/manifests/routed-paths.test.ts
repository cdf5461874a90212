import { expect, it } from 'vitest';
import { findRoute } from '#services/gateway/routes.ts';
import { type PublicPart, publicParts, publicPaths } from '../../cdk8s/routes/public-paths.ts';

/** To whom a route of the manifests leads. */
function partOf(path: string): PublicPart | undefined {
  return publicParts.find((part) =>
    publicPaths[part].some((its) => path === its.path || (its.matches === 'tree' && path.startsWith(`${its.path}/`))),
  );
}

it('routes lead to the hub what a gateway would have to forward to it, and all else that it knows to the gateway', () => {
  for (const path of ['/hubs/chat', '/hubs/notifications/negotiate', '/socket.io/']) {
    expect(findRoute(path)?.service, path).toBe('hub');
    expect(partOf(path), path).toBe('hub');
  }
  for (const path of ['/api/chat/messages', '/api/notifications']) {
    expect(findRoute(path)?.kind, path).toBe('rest');
    expect(partOf(path), path).toBe('gateway');
  }
  for (const path of ['/internal/heads', '/metrics', '/']) {
    expect(findRoute(path), path).toBeUndefined();
    expect(partOf(path), path).toBeUndefined();
  }
});
