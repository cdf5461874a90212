import type { k8s } from 'cdk8s-plus-27';
import { describe, expect, it } from 'vitest';
import { readSidecarConfig } from '#services/mongodb-sidecar/config.ts';
import { secrets } from '#shared/contract/secrets.ts';
import { dev } from '../../environments/dev.ts';
import { production } from '../../environments/production.ts';
import type { PlatformProps } from '../../platform-props.ts';
import { mongoSettings } from '../../services/environment-parts.ts';
import { renderPlatform } from '../../synth/render.ts';
import { certificateNames } from '../certificate-names.ts';
import { claimsOf } from '../store-claims.ts';
import { mongodArguments } from './mongod-arguments.ts';

type Env = { name: string; value?: string; valueFrom?: { fieldRef: { fieldPath: string } } };
type Container = {
  name: string;
  args?: string[];
  env?: Env[];
  restartPolicy?: string;
  ports?: { name: string; containerPort: number }[];
  volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
  startupProbe?: { httpGet?: { path: string; port: string } };
  readinessProbe?: { httpGet?: { path: string; port: string } };
};
type StatefulSetSpec = Pick<k8s.StatefulSetSpec, 'replicas' | 'serviceName' | 'podManagementPolicy'> & {
  template: {
    spec: { initContainers: Container[]; containers: Container[]; terminationGracePeriodSeconds: number };
  };
  volumeClaimTemplates: { metadata: { name: string }; spec: { storageClassName?: string } }[];
};

function objectOf(platform: PlatformProps, kind: string) {
  return renderPlatform(platform).platform.find((it) => it.kind === kind && it.metadata.name === 'mongodb');
}

function statefulSetOf(platform: PlatformProps): StatefulSetSpec {
  return objectOf(platform, 'StatefulSet')?.['spec'] as StatefulSetSpec;
}

function containersOf(platform: PlatformProps): Record<'key-file' | 'sidecar' | 'mongodb', Container> {
  const { initContainers, containers } = statefulSetOf(platform).template.spec;
  return Object.fromEntries([...initContainers, ...containers].map((it) => [it.name, it])) as ReturnType<
    typeof containersOf
  >;
}

/** As the kubelet does it: a reference to a variable that comes later stays as it is. */
function environmentIn(pod: string, { env = [] }: Container): Record<string, string> {
  const fields: Record<string, string> = { 'metadata.name': pod, 'metadata.namespace': 'sonixy-realtime' };
  const known: Record<string, string> = {};
  for (const { name, value, valueFrom } of env) {
    const text = valueFrom ? fields[valueFrom.fieldRef.fieldPath] : value;
    known[name] = (text ?? '').replace(/\$\(([A-Z_]+)\)/g, (reference, other) => known[other] ?? reference);
  }
  return known;
}

describe('the StatefulSet of MongoDB', () => {
  it('starts all members at once, keeps their claims by the names that bootstrap looks for', () => {
    const { replicas, serviceName, podManagementPolicy, volumeClaimTemplates } = statefulSetOf(production);
    expect({ replicas, serviceName, podManagementPolicy }).toEqual({
      replicas: 3,
      serviceName: 'mongodb',
      podManagementPolicy: 'Parallel',
    });
    const [template] = volumeClaimTemplates;
    expect([0, 1, 2].map((ordinal) => `${template?.metadata.name}-mongodb-${ordinal}`)).toEqual(claimsOf('mongodb'));
    expect(template?.spec).not.toHaveProperty('storageClassName');
    const fast = statefulSetOf({ ...production, mongodb: { ...production.mongodb, storageClass: 'fast' } });
    expect(fast.volumeClaimTemplates[0]?.spec.storageClassName).toBe('fast');
  });

  it('runs the sidecar beside mongod, from before it starts until after it has ended', () => {
    const { initContainers, containers, terminationGracePeriodSeconds } = statefulSetOf(production).template.spec;
    expect(initContainers.map(({ name, restartPolicy }) => [name, restartPolicy])).toEqual([
      ['key-file', undefined],
      ['sidecar', 'Always'],
    ]);
    expect(containers.map(({ name }) => name)).toEqual(['mongodb']);
    // Step-down and quiesce of mongod 8 are 15 s each.
    expect(terminationGracePeriodSeconds).toBeGreaterThanOrEqual(60);
  });

  it('is ready when the sidecar says so, and mongod starts once the sidecar lives', () => {
    const { sidecar } = containersOf(production);
    expect(sidecar.startupProbe?.httpGet).toEqual({ path: '/livez', port: 'ops' });
    expect(sidecar.readinessProbe?.httpGet).toEqual({ path: '/readyz', port: 'ops' });
    expect(sidecar.ports).toEqual([{ name: 'ops', containerPort: 9100, protocol: 'TCP' }]);
  });

  it('gives the sidecar settings that it takes, with its own name among the members', () => {
    for (const [pod, ordinal] of [
      ['mongodb-0', 0],
      ['mongodb-2', 2],
    ] as const) {
      const { sidecar } = containersOf(production);
      const config = readSidecarConfig(environmentIn(pod, sidecar));
      expect(config.members).toHaveLength(3);
      expect(config.self).toBe(config.members[ordinal]);
      expect(config.self).toBe(`${pod}.mongodb.sonixy-realtime.svc.cluster.local:27017`);
    }
    const one = readSidecarConfig(environmentIn('mongodb-0', containersOf(dev).sidecar));
    expect(one.members).toEqual([one.self]);
    expect(one.tls).toBeUndefined();
  });

  it('mounts for the sidecar the passwords of all users, and for mongod none', () => {
    const { sidecar, mongodb } = containersOf(production);
    const passwords = sidecar.volumeMounts.find(({ name }) => name === secrets.mongodb.name);
    expect(passwords).toMatchObject({
      mountPath: environmentIn('mongodb-0', sidecar)['PASSWORDS_FOLDER'],
      readOnly: true,
    });
    expect(mongodb.volumeMounts.map(({ name }) => name)).not.toContain(secrets.mongodb.name);
  });

  it('lets mongod read the files that the others write, and only where TLS is on a certificate', () => {
    const argument = (args: string[] = [], name: string) => args[args.indexOf(name) + 1] ?? '';
    const { 'key-file': keyFile, sidecar, mongodb } = containersOf(production);
    expect(argument(mongodb.args, '--keyFile')).toBe(environmentIn('mongodb-0', keyFile)['MONGODB_KEY_FILE']);
    expect(argument(mongodb.args, '--tlsCertificateKeyFile')).toBe(environmentIn('mongodb-0', sidecar)['TLS_PEM_FILE']);
    expect(argument(mongodb.args, '--tlsCAFile')).toBe(`${environmentIn('mongodb-0', sidecar)['TLS_FOLDER']}/ca.crt`);
    for (const name of ['--keyFile', '--tlsCertificateKeyFile', '--tlsCAFile', '--dbpath']) {
      const file = argument(mongodb.args, name);
      expect(mongodb.volumeMounts.some(({ mountPath }) => file.startsWith(mountPath))).toBe(true);
    }
    const plain = containersOf(dev).mongodb;
    expect(plain.args?.join(' ')).not.toContain('tls');
    expect(plain.args).toContain('--keyFile');
    expect(plain.volumeMounts.map(({ name }) => name)).not.toContain('mongodb-tls');
  });

  it('has a budget where there are three members', () => {
    expect(objectOf(production, 'PodDisruptionBudget')?.['spec']).toMatchObject({ maxUnavailable: 1 });
    expect(objectOf(dev, 'PodDisruptionBudget')).toBeUndefined();
  });

  it('can be found before it is ready, by names that the certificate is for', () => {
    expect(objectOf(production, 'Service')?.['spec']).toMatchObject({
      clusterIP: 'None',
      publishNotReadyAddresses: true,
    });
    const url = String(mongoSettings(production, 'chat').environment.MONGODB_URL);
    const hosts =
      /@([^/]+)\//
        .exec(url)?.[1]
        ?.split(',')
        .map((host) => host.replace(/:27017$/, '')) ?? [];
    expect(hosts).toHaveLength(3);
    expect(certificateNames('mongodb', production)).toEqual(expect.arrayContaining([...hosts, 'localhost']));
  });

  it('is what the URLs of the services name', () => {
    const { mongodb } = containersOf(production);
    const settings = new URL(String(mongoSettings(production, 'chat').environment.MONGODB_URL).replace(/,[^/]*/, ''));
    const set = mongodb.args?.[mongodb.args.indexOf('--replSet') + 1];
    expect(Object.fromEntries(settings.searchParams)).toEqual({ replicaSet: set, authSource: 'admin', tls: 'true' });
    expect(settings.username).toBe('chat');
  });
});

it.each([
  [512, '0.25'],
  [768, '0.25'],
  [2_048, '0.5'],
  [4_096, '1.5'],
])('of %i MiB mongod caches %s GB', (memoryMi, cache) => {
  const args = mongodArguments({ tls: false, memoryMi });
  expect(args[args.indexOf('--wiredTigerCacheSizeGB') + 1]).toBe(cache);
});
