import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Cluster } from '#test/cluster/client/cluster.ts';
import { describeOnCluster, ownNamespace } from '#test/cluster/use-cluster.ts';
import { eventually } from '#test/eventually.ts';
import type { PlatformProps } from '../../cdk8s/platform-props.ts';
import { type KubeObject, renderPlatform } from '../../cdk8s/synth/render.ts';
import { writeEnvironment } from '../../cdk8s/synth/write-environment.ts';
import { platforms } from './rendered/platforms.ts';

type Live = { metadata: { resourceVersion?: string; generation?: number } };

/** Custom resources of others: the test cluster has none. */
const isOfOthers = ({ apiVersion }: KubeObject) =>
  ['cert-manager.io/v1', 'gateway.networking.k8s.io/v1', 'monitoring.coreos.com/v1'].includes(apiVersion);
const kindOf = ({ apiVersion, kind }: KubeObject) => `${apiVersion}/${kind}`;

/** Leaves of what was applied that the live object does not have, or has otherwise. */
function lost(applied: unknown, live: unknown, path = ''): string[] {
  if (typeof applied !== 'object' || applied === null) {
    return applied === live ? [] : [`${path}: applied ${JSON.stringify(applied)}, is ${JSON.stringify(live)}`];
  }
  const there = (typeof live === 'object' && live !== null ? live : {}) as Record<string, unknown>;
  // A server that leaves out an empty part means the same.
  return Object.entries(applied).flatMap(([key, value]) => lost(value, there[key], `${path}/${key}`));
}

/** Objects without pods, so that nothing changes them but who applies them. */
async function emptyNamespace(cluster: Cluster): Promise<Cluster> {
  const own = await ownNamespace(cluster, { 'pod-security.kubernetes.io/enforce': 'restricted' });
  const quota = {
    kind: 'ResourceQuota',
    apiVersion: 'v1',
    metadata: { name: 'no-pods' },
    spec: { hard: { pods: '0' } },
  };
  await own.create(quota);
  await own.becomes<{ status?: { hard?: object } } & KubeObject & { metadata: { name: string } }>(
    'v1/ResourceQuota',
    'no-pods',
    ({ status }) => (status?.hard ? undefined : 'is not counted yet'),
  );
  return own;
}

describeOnCluster('the API server', (on) => {
  it.each([...platforms].map(([name, { platform }]) => ({ name, platform })))(
    'takes every object of $name, field by field',
    async ({ platform }) => {
      const namespace = on.cluster.namespace;
      const rendered = renderPlatform({ ...platform, namespace });
      for (const object of [...rendered.namespace, ...rendered.platform.filter((it) => !isOfOthers(it))]) {
        await on.cluster.apply(object as never, { dryRun: true, force: true });
      }
    },
  );

  it('takes no field that there is not', async () => {
    const [service] = renderPlatform(platformNamed('dev')).platform.filter(({ kind }) => kind === 'Service');
    const wrong = { ...service, metadata: { ...service?.metadata, namespace: on.cluster.namespace }, specs: {} };
    await expect(on.cluster.apply(wrong as never, { dryRun: true })).rejects.toThrow(/specs/);
  });
});

function platformNamed(name: string): PlatformProps {
  const found = platforms.get(name);
  if (!found) throw new Error(`no platform is named ${name}`);
  return found.platform;
}

/**
 * kubectl sends a patch for these whatever is there, and says so: of a budget it replaces the selector, and a claim template
 * has fields that the server fills in. Whether anything changed, the server says by resourceVersion.
 */
const saidAnyway = /^(poddisruptionbudget\.policy|statefulset\.apps)\/\S+ configured$/;

describeOnCluster('kubectl apply', (on) => {
  const folder = mkdtempSync(join(tmpdir(), 'sonixy-applied-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const owned: Cluster[] = [];
  afterAll(async () => {
    for (const cluster of owned) await cluster.remove('Namespace', cluster.namespace);
  });

  it.each(['dev', 'kind', 'production', 'openshift'])(
    'of %s loses no field, and changes nothing the second time',
    async (name) => {
      const cluster = await emptyNamespace(on.cluster);
      owned.push(cluster);
      const rendered = renderPlatform({ ...platformNamed(name), namespace: cluster.namespace });
      writeEnvironment(join(folder, name), rendered);
      const plain = join(folder, name, 'plain');
      // The first file is the namespace, which the test has made.
      const apply = () => cluster.kubectl('apply', '-f', join(plain, '2-platform.yaml'));
      expect(linesOf(await apply()).filter((line) => !line.endsWith(' created'))).toEqual([]);
      for (const object of rendered.platform) {
        const live = await cluster.get(kindOf(object), object.metadata.name);
        expect(lost(object, live), `${object.kind}/${object.metadata.name}`).toEqual([]);
      }
      expect(linesOf(await apply()).filter((line) => !line.endsWith(' unchanged') && !saidAnyway.test(line))).toEqual(
        [],
      );
      // Controllers write what they see meanwhile, which is no change of what was applied.
      await eventually(
        async () => {
          const before = await versionsOf(cluster, rendered.platform);
          await apply();
          const after = await versionsOf(cluster, rendered.platform);
          const moved = Object.keys(before).filter((key) => before[key] !== after[key]);
          return moved.length === 0 ? undefined : `has another resourceVersion: ${moved.join()}`;
        },
        { timeoutMs: 120_000, everyMs: 1_000 },
      );
    },
  );
});

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}

async function versionsOf(
  cluster: Cluster,
  objects: readonly KubeObject[],
): Promise<Record<string, string | undefined>> {
  const versions: Record<string, string | undefined> = {};
  for (const object of objects.filter(({ kind }) => kind !== 'Job')) {
    const { metadata } = await cluster.get<Live & { metadata: { name: string } }>(kindOf(object), object.metadata.name);
    versions[`${object.kind}/${object.metadata.name}`] = metadata.resourceVersion;
  }
  return versions;
}
