import { describe, expect, it } from 'vitest';
import { apiDocPaths } from '#shared/api-docs/serve-api-docs.ts';
import { hubPaths, socketIoPath } from '#shared/contract/names.ts';
import { dev } from '../environments/dev.ts';
import { type KubeObject, renderPlatform } from '../synth/render.ts';
import { type PublicPart, publicParts, publicPaths } from './public-paths.ts';
import type { RouteProps } from './route-props.ts';

const hosts = ['realtime.example.com'] as const;
const parents = [{ name: 'public', namespace: 'gateways', sectionName: 'https' }] as const;

function routed(routes?: RouteProps): KubeObject[] {
  const { platform } = renderPlatform({ ...dev, ...(routes ? { routes } : {}) });
  return platform.filter(({ kind }) => kind === 'HTTPRoute' || kind === 'Ingress');
}

function partOf(path: string): PublicPart | undefined {
  return publicParts.find((part) =>
    publicPaths[part].some((its) => path === its.path || (its.matches === 'tree' && path.startsWith(`${its.path}/`))),
  );
}

describe('what is routed', () => {
  it('is what the gateway and the hub answer', () => {
    expect(partOf('/api/chat/messages')).toBe('gateway');
    expect(partOf('/api/notifications')).toBe('gateway');
    for (const path of Object.values(apiDocPaths)) expect(partOf(path), path).toBe('gateway');
    for (const path of Object.values(hubPaths)) expect(partOf(`${path}/negotiate`), path).toBe('hub');
    expect(partOf(`${socketIoPath}/`)).toBe('hub');
  });

  it('is nothing internal', () => {
    for (const path of ['/', '/internal/heads', '/metrics', '/livez', '/readyz', '/apis', '/hubsx', '/api-docs/x']) {
      expect(partOf(path), path).toBeUndefined();
    }
  });
});

describe('routes', () => {
  it('are off unless they are asked for', () => {
    expect(routed()).toEqual([]);
  });

  it('are HTTPRoutes of both parts, without any time-out', () => {
    const routes = routed({ hosts, parents });
    expect(routes.map(({ apiVersion, kind, metadata }) => [apiVersion, kind, metadata.name])).toEqual([
      ['gateway.networking.k8s.io/v1', 'HTTPRoute', 'gateway'],
      ['gateway.networking.k8s.io/v1', 'HTTPRoute', 'hub'],
    ]);
    expect(routes[1]?.['spec']).toEqual({
      parentRefs: [
        {
          group: 'gateway.networking.k8s.io',
          kind: 'Gateway',
          namespace: 'gateways',
          name: 'public',
          sectionName: 'https',
        },
      ],
      hostnames: ['realtime.example.com'],
      rules: [
        {
          matches: [
            { path: { type: 'PathPrefix', value: '/hubs' } },
            { path: { type: 'PathPrefix', value: '/socket.io' } },
          ],
          backendRefs: [{ group: '', kind: 'Service', name: 'hub', port: 8097, weight: 1 }],
        },
      ],
    });
    expect(JSON.stringify(routes)).not.toContain('timeout');
  });

  it('are Ingresses of a class, with TLS where a Secret is named, and no annotation unless one is given', () => {
    const [gateway, hub] = routed({ hosts, ingress: { className: 'public' } });
    expect(gateway?.metadata.annotations).toBeUndefined();
    expect(gateway?.['spec']).toMatchObject({ ingressClassName: 'public' });
    expect(gateway?.['spec']).not.toHaveProperty('tls');
    expect(hub?.['spec']).toMatchObject({
      rules: [
        {
          host: 'realtime.example.com',
          http: {
            paths: [
              { path: '/hubs', pathType: 'Prefix', backend: { service: { name: 'hub', port: { name: 'http' } } } },
              { path: '/socket.io', pathType: 'Prefix' },
            ],
          },
        },
      ],
    });

    const annotations = { hub: { 'example.com/idle-timeout': '1h' } };
    const [plain, told] = routed({ hosts, ingress: { className: 'public', tlsSecret: 'public-tls', annotations } });
    expect(told?.metadata.annotations).toEqual(annotations.hub);
    expect(plain?.metadata.annotations).toBeUndefined();
    expect(plain?.['spec']).toMatchObject({ tls: [{ hosts: ['realtime.example.com'], secretName: 'public-tls' }] });
  });

  it('are both where both are asked for', () => {
    expect(routed({ hosts, parents, ingress: { className: 'public' } })).toHaveLength(4);
  });

  it('say what is wrong with them', () => {
    expect(() => routed({ hosts })).toThrow('routes need parents (Gateway API) or an ingress');
    for (const host of ['https://realtime.example.com', 'realtime.example.com:443', 'Realtime.example.com', '']) {
      expect(() => routed({ hosts: [host], parents }), host).toThrow('a host is a name');
    }
    expect(routed({ hosts: ['*.example.com'], parents })).toHaveLength(2);
  });
});
