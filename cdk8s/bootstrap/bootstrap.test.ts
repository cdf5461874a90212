import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readCertificatesConfig, readSecretsConfig } from '#services/bootstrap/config.ts';
import { certificateSecrets, secrets } from '#shared/contract/secrets.ts';
import { dev } from '../environments/dev.ts';
import { production } from '../environments/production.ts';
import type { CertificateProps, PlatformProps } from '../platform-props.ts';
import { type KubeObject, renderPlatform } from '../synth/render.ts';
import { bootstrapObjects } from './bootstrap.fixture.ts';

type Rule = { apiGroups: string[]; resources: string[]; resourceNames?: string[]; verbs: string[] };
type Container = { name: string; args: string[]; env: { name: string; value: string }[] };
type PodTemplate = { spec: { serviceAccountName: string; containers: Container[] } & Record<string, unknown> };
type JobSpec = { template: PodTemplate; ttlSecondsAfterFinished: number; backoffLimit: number };

const account = mkdtempSync(join(tmpdir(), 'sonixy-account-'));
for (const file of ['token', 'ca.crt', 'namespace']) writeFileSync(join(account, file), 'realtime');
afterAll(() => rmSync(account, { recursive: true }));
/** What the cluster adds to a container. */
const inAPod = { KUBERNETES_SERVICE_HOST: '10.96.0.1', KUBERNETES_CREDENTIALS_DIR: account };

const named = (objects: readonly KubeObject[]) => objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
const find = <T extends object>(objects: readonly KubeObject[], kind: string, name = '') => {
  const found = objects.find((it) => it.kind === kind && it.metadata.name.startsWith(name));
  if (!found) throw new Error(`no ${kind} ${name} among ${named(objects).join(', ')}`);
  return found as KubeObject & T;
};
const jobOf = (props: Partial<PlatformProps> = {}) =>
  find<{ spec: JobSpec }>(bootstrapObjects('realtime', props), 'Job', 'bootstrap-');
const environmentOf = (template: PodTemplate, name: string) => {
  const container = template.spec.containers.find((it) => it.name === name);
  return Object.fromEntries((container?.env ?? []).map((it) => [it.name, it.value]));
};

describe('the bootstrap Job', () => {
  test('has a name that changes with its template, and with nothing else', () => {
    const { name } = jobOf().metadata;
    expect(name).toMatch(/^bootstrap-[0-9a-f]{10}$/);
    expect(jobOf().metadata.name).toBe(name);
    expect(jobOf({ hub: production.hub }).metadata.name).toBe(name);
    expect(jobOf({ images: { tag: '9.9.9' } }).metadata.name).not.toBe(name);
    expect(jobOf({ certificates: { settleSeconds: 60 } }).metadata.name).not.toBe(name);
  });

  test('is told of every claim that the stores of the platform make', () => {
    const { template } = jobOf().spec;
    const { stores } = readSecretsConfig({ ...environmentOf(template, 'secrets'), ...inAPod });
    type Claiming = { spec: { replicas: number; volumeClaimTemplates: { metadata: { name: string } }[] } };
    const claiming = renderPlatform(production).platform.filter(({ kind }) => kind === 'StatefulSet');
    expect(claiming.length).toBeGreaterThan(0);
    for (const { metadata, spec } of claiming as (KubeObject & Claiming)[]) {
      const known = Object.values(stores).find(({ name }) => name === metadata.name)?.claims ?? [];
      const claims = spec.volumeClaimTemplates.flatMap((it) =>
        Array.from({ length: spec.replicas }, (_, ordinal) => `${it.metadata.name}-${metadata.name}-${ordinal}`),
      );
      expect(claims.filter((claim) => !known.includes(claim))).toEqual([]);
    }
  });

  test('makes certificates only where the authority is ours', () => {
    const commands = (tls: NonNullable<PlatformProps['tls']>) =>
      jobOf({ tls }).spec.template.spec.containers.map(({ args }) => args.join(' '));
    expect(commands('internal')).toEqual(['secrets', 'certificates']);
    expect(commands('cert-manager')).toEqual(['secrets']);
    expect(commands('off')).toEqual(['secrets']);
  });

  test('goes away by itself, and tries until it succeeds', () => {
    const { spec } = jobOf();
    expect(spec.ttlSecondsAfterFinished).toBeGreaterThan(0);
    // At a try each 5 minutes more than anybody waits for.
    expect(spec.backoffLimit).toBeGreaterThan(1_000_000);
    expect(spec.template.spec['restartPolicy']).toBe('OnFailure');
    for (const container of spec.template.spec.containers) {
      expect(container).toMatchObject({ terminationMessagePolicy: 'FallbackToLogsOnError' });
    }
  });

  test('is the only pod of the platform, with the CronJob, that has a token', () => {
    const platform = renderPlatform({ ...production, tls: 'internal' }).platform;
    const withToken = platform.filter((object) =>
      JSON.stringify(object).includes('"automountServiceAccountToken":true'),
    );
    expect(named(withToken).map((it) => it.replace(/-[0-9a-f]{10}$/, ''))).toEqual([
      'Job/bootstrap',
      'CronJob/certificates',
    ]);
  });
});

describe('files that a store reads at its start', () => {
  type Pods = { spec: { template: PodTemplate } };
  const podsOf = (images: PlatformProps['images']) => {
    const { platform } = renderPlatform({ ...production, images });
    const stores = [find<Pods>(platform, 'StatefulSet', 'rabbitmq'), find<Pods>(platform, 'Deployment', 'redis')];
    return stores.map(({ spec }) => JSON.stringify(spec.template));
  };

  test('are rendered anew for each build of what renders them: its tag or digest is in the pods', () => {
    const { images } = production;
    expect(podsOf({ ...images })).toEqual(podsOf(images));
    const others = [{ tag: '9.9.9' }, { ...images, digests: { bootstrap: `sha256:${'0'.repeat(64)}` } }];
    for (const other of others) {
      podsOf(other).forEach((pods, index) => {
        expect(pods).not.toBe(podsOf(images)[index]);
      });
    }
  });
});

describe('certificates', () => {
  test('are for every name by which the platform connects to a store', () => {
    const platform = { ...production, tls: 'internal' } as const;
    const { spec } = find<{ spec: JobSpec }>(renderPlatform(platform).platform, 'Job', 'bootstrap-');
    const { servers } = readCertificatesConfig({ ...environmentOf(spec.template, 'certificates'), ...inAPod });
    const covered = (host: string) => servers.some(({ names }) => names.includes(host));
    const hosts = renderPlatform(platform).platform.flatMap((object) =>
      [...JSON.stringify(object).matchAll(/(?:amqps|rediss|mongodb):\/\/[^@"]*@([^/"]+)/g)].flatMap(([, list = '']) =>
        list.split(',').map((it) => it.replace(/:\d+$/, '')),
      ),
    );
    expect(new Set(hosts).size).toBeGreaterThanOrEqual(5);
    expect(hosts.filter((host) => !covered(host))).toEqual([]);
    for (const { names } of servers) expect(names).toContain('localhost');
  });

  test('are renewed by a CronJob that no other run of it overtakes', () => {
    type CronSpec = { spec: { schedule: string; concurrencyPolicy: string; jobTemplate: { spec: JobSpec } } };
    const lifetimes = { certificateSeconds: 180, authoritySeconds: 900, trustSeconds: 60, settleSeconds: 20 };
    const objects = bootstrapObjects('realtime', { certificates: { schedule: '* * * * *', ...lifetimes } });
    const { spec } = find<CronSpec>(objects, 'CronJob', 'certificates');
    expect([spec.schedule, spec.concurrencyPolicy]).toEqual(['* * * * *', 'Forbid']);
    const env = environmentOf(spec.jobTemplate.spec.template, 'certificates');
    const config = readCertificatesConfig({ ...env, ...inAPod });
    const inMs = { authorityMs: 900_000, certificateMs: 180_000, trustMs: 60_000, settleMs: 20_000 };
    expect(config.lifetimes).toEqual(inMs);
    expect(config.servers.map(({ secret }) => secret)).toEqual(Object.values(certificateSecrets));
  });

  test('are left alone by a CronJob that is suspended', () => {
    const suspendOf = (certificates: CertificateProps) =>
      find<{ spec: { suspend?: boolean } }>(bootstrapObjects('realtime', { certificates }), 'CronJob').spec.suspend;
    expect(suspendOf({ suspended: true })).toBe(true);
    expect(suspendOf({})).toBeUndefined();
  });

  test('are named to cert-manager with the same Secrets and names', () => {
    const objects = bootstrapObjects('realtime', { tls: 'cert-manager' });
    const env = environmentOf(jobOf({ tls: 'internal' }).spec.template, 'certificates');
    const { servers } = readCertificatesConfig({ ...env, ...inAPod });
    type Certificate = { spec: { secretName: string; dnsNames?: string[] } };
    for (const { secret, names } of servers) {
      const { spec } = find<Certificate>(objects, 'Certificate', secret.replace('-tls', ''));
      expect(spec).toMatchObject({ secretName: secret, dnsNames: names });
    }
    expect(named(objects)).not.toContain('CronJob/certificates');
  });

  test('are trusted by each service that connects to the store, which sees nothing else of their Secrets', () => {
    const objects = renderPlatform({ ...production, tls: 'internal' }).platform;
    const wanted = {
      gateway: ['redis'],
      hub: ['rabbitmq', 'redis'],
      chat: ['rabbitmq', 'mongodb', 'redis'],
      notification: ['rabbitmq', 'mongodb', 'redis'],
    };
    for (const [service, stores] of Object.entries(wanted)) {
      const text = JSON.stringify(find(objects, 'Deployment', service));
      const keys = stores.map((store) => `{"items":[{"key":"ca.crt","path":"${store}.crt"}],"name":"${store}-tls"}`);
      for (const key of keys) expect(text).toContain(key);
      expect(text.match(/-tls"/g)).toHaveLength(stores.length);
      expect(text).toContain('{"name":"TRUSTED_CA_DIR","value":"/var/run/secrets/sonixy/trusted"}');
    }
    const off = JSON.stringify(renderPlatform({ ...dev, tls: 'off' }).platform);
    expect(off).not.toContain('-tls"');
    expect(off).not.toContain('TRUSTED_CA_DIR');
  });
});

describe('rights', () => {
  const rulesOf = (name: string, props: Partial<PlatformProps> = {}) =>
    find<{ rules: Rule[] }>(bootstrapObjects('realtime', props), 'Role', name).rules;

  test('name each object that is read or changed', () => {
    for (const rule of [...rulesOf('bootstrap'), ...rulesOf('certificates')]) {
      expect(rule.verbs.join()).toMatch(/^(create|get|get,patch)$/);
      expect(rule.resourceNames === undefined).toBe(rule.verbs.includes('create'));
    }
  });

  test('let nobody change passwords, nor the CronJob read them', () => {
    const passwords = Object.values(secrets).map(({ name }) => name);
    const changing = rulesOf('bootstrap').filter(({ verbs }) => verbs.includes('patch'));
    const named = [...changing, ...rulesOf('certificates')].flatMap(({ resourceNames = [] }) => resourceNames);
    expect(named.filter((name) => passwords.some((it) => it === name))).toEqual([]);
    expect(named).toContain('sonixy-ca');
  });

  test('for certificates are given only where the authority is ours', () => {
    expect(JSON.stringify(rulesOf('bootstrap', { tls: 'internal' }))).toContain('sonixy-ca');
    expect(JSON.stringify(rulesOf('bootstrap', { tls: 'cert-manager' }))).not.toContain('sonixy-ca');
    expect(named(bootstrapObjects('realtime', { tls: 'off' }))).not.toContain('Role/certificates');
  });
});
