import { describe, expect, it } from 'vitest';
import { readRedisSidecarConfig } from '#services/redis-sidecar/config.ts';
import { dev } from '../../environments/dev.ts';
import { production } from '../../environments/production.ts';
import type { PlatformProps } from '../../platform-props.ts';
import { renderPlatform } from '../../synth/render.ts';

type Container = {
  name: string;
  restartPolicy?: string;
  env?: { name: string; value: string }[];
  volumeMounts: { name: string; mountPath: string }[];
};

type Spec = { template: { spec: { initContainers: Container[]; containers: Container[] } } };

function containersOf(platform: PlatformProps): Record<string, Container> {
  const deployment = renderPlatform(platform).platform.find(
    (it) => it.kind === 'Deployment' && it.metadata.name === 'redis',
  );
  if (!deployment) throw new Error('there is no Redis');
  const { initContainers, containers } = (deployment['spec'] as Spec).template.spec;
  return Object.fromEntries([...initContainers, ...containers].map((it) => [it.name, it]));
}

const environmentOf = ({ env = [] }: Container = { name: '', volumeMounts: [] }) =>
  Object.fromEntries(env.map(({ name, value }) => [name, value]));
const foldersOf = ({ volumeMounts }: Container = { name: '', volumeMounts: [] }) =>
  Object.fromEntries(volumeMounts.map(({ name, mountPath }) => [name, mountPath]));

describe('the pod of Redis', () => {
  it('has a sidecar that runs before and beside it, where there is a certificate to renew', () => {
    expect(containersOf(production)['sidecar']).toMatchObject({ restartPolicy: 'Always' });
    expect(Object.keys(containersOf(dev))).toEqual(['users', 'redis']);
    expect(environmentOf(containersOf(dev)['users'])).not.toHaveProperty('REDIS_SIDECAR_PASSWORD_FILE');
  });

  it('gives the sidecar the password that the init container makes, and nothing else of the users', () => {
    const { users, sidecar, redis } = containersOf(production);
    const { passwordFile } = readRedisSidecarConfig(environmentOf(sidecar));
    expect(environmentOf(users)['REDIS_SIDECAR_PASSWORD_FILE']).toBe(passwordFile);
    expect(Object.keys(foldersOf(sidecar))).toEqual(['redis-tls', 'sidecar-password']);
    expect(foldersOf(users)).toHaveProperty('sidecar-password');
    expect(foldersOf(redis)).not.toHaveProperty('sidecar-password');
  });

  it('has the certificate where the sidecar tells Redis to read it', () => {
    const { sidecar, redis } = containersOf(production);
    const { tlsFolder } = readRedisSidecarConfig(environmentOf(sidecar));
    expect(foldersOf(sidecar)['redis-tls']).toBe(tlsFolder);
    expect(foldersOf(redis)['redis-tls']).toBe(tlsFolder);
  });
});
