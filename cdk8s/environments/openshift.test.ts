import { describe, expect, it } from 'vitest';
import { renderPlatform } from '../synth/render.ts';
import { openshift } from './openshift.ts';
import { production } from './production.ts';

const idFields = ['runAsUser', 'runAsGroup', 'fsGroup', 'fsGroupChangePolicy', 'supplementalGroups'];

/** Paths of the fields of these names, at any depth. */
function pathsOf(value: unknown, names: readonly string[], path = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [
    ...(names.includes(key) ? [`${path}/${key}`] : []),
    ...pathsOf(inner, names, `${path}/${key}`),
  ]);
}

describe('on OpenShift', () => {
  it('no pod and no container names an id: the cluster gives them', () => {
    expect(pathsOf(renderPlatform(openshift), idFields)).toEqual([]);
    expect(pathsOf(renderPlatform(production), idFields).length).toBeGreaterThan(0);
  });

  it('nobody runs as root all the same', () => {
    const pods = (rendered: unknown) => pathsOf(rendered, ['runAsNonRoot']);
    expect(pods(renderPlatform(openshift))).toEqual(pods(renderPlatform(production)));
  });

  it('all else is as in production', () => {
    const names = ({ platform }: ReturnType<typeof renderPlatform>) =>
      platform.map(({ kind, metadata }) => `${kind} ${metadata.name.replace(/^(bootstrap)-.*/, '$1')}`);
    expect(names(renderPlatform(openshift))).toEqual(names(renderPlatform(production)));
  });
});
