import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildKubetools } from '#test/cluster/build/kubetools-build.ts';
import { Cluster } from '#test/cluster/client/cluster.ts';
import { type RunningCluster, startCluster } from '#test/cluster/start-cluster.ts';
import { ownNamespace } from '#test/cluster/use-cluster.ts';
import { describeWithServer } from '#test/dev-env/with-server.ts';
import { eventually } from '#test/eventually.ts';
import { environments } from '../../cdk8s/environments/environments.ts';
import { supportedVersions } from '../../cdk8s/supported-versions.ts';
import { renderPlatform } from '../../cdk8s/synth/render.ts';
import { writeEnvironment } from '../../cdk8s/synth/write-environment.ts';
import { emptyNamespace, expectKept, versionsOf } from './api-server/applied.ts';
import { installKindsOfOthers } from './api-server/kinds-of-others.ts';
import { lost } from './api-server/lost.ts';
import { emulated, settingsOf, versionsHere } from './api-server/versions.ts';
import { kubeconform } from './checkers/kubeconform.ts';
import { writeSchemas } from './checkers/schemas.ts';
import { Manifests, whereOf } from './rendered/manifests.ts';
import { platformOf, platforms } from './rendered/platforms.ts';

const applied = [...Object.keys(environments), 'with all kinds of others'];

/**
 * kubectl sends a patch for these whatever is there, and says so: of a budget it replaces the selector, and a claim template
 * has fields that the server fills in. Whether anything changed, the server says by resourceVersion.
 */
const saidAnyway = /^(poddisruptionbudget\.policy|statefulset\.apps)\/\S+ configured$/;

for (const version of versionsHere) {
  describeWithServer(['cluster', 'checkers'], `an API server of Kubernetes ${version}`, () => {
    let running: RunningCluster;
    let cluster: Cluster;
    const folder = mkdtempSync(join(tmpdir(), 'sonixy-applied-'));
    beforeAll(async () => {
      running = await startCluster(settingsOf(version));
      cluster = await ownNamespace(new Cluster(running.address));
      await installKindsOfOthers(cluster);
    }, 45 * 60_000);
    afterAll(async () => {
      cluster?.close();
      await running?.stop();
      rmSync(folder, { recursive: true });
    });

    it('says so', async () => {
      const said = await cluster.kube.must<{ emulationMajor: string; emulationMinor: string }>('GET', '/version');
      expect(`${said.emulationMajor}.${said.emulationMinor}`).toBe(version);
    });

    it.each([...platforms].map(([name, { platform }]) => ({ name, platform })))(
      'takes every object of $name, field by field',
      async ({ platform }) => {
        for (const object of new Manifests({ ...platform, namespace: cluster.namespace }).objects) {
          const taken = await cluster.apply(object as never, { dryRun: true, force: true });
          expect(lost(object, taken), whereOf(object)).toEqual([]);
        }
      },
      300_000,
    );

    it('takes no field that there is not, in kinds of its own and of others', async () => {
      const { platform } = platformOf('with all kinds of others');
      const { objects } = new Manifests({ ...platform, namespace: cluster.namespace });
      const oneOfEach = new Map(objects.map((object) => [object.kind, object]));
      expect([...oneOfEach.keys()]).toEqual(
        expect.arrayContaining(['HTTPRoute', 'PodMonitor', 'Issuer', 'Certificate']),
      );
      for (const object of oneOfEach.values()) {
        const wrong = cluster.apply({ ...object, specs: {} } as never, { dryRun: true, force: true });
        await expect(wrong, object.kind).rejects.toThrow(/specs/);
      }
    });

    it('drops a field that came later without a word, which the comparison sees', async () => {
      const manifests = new Manifests({ ...platformOf('dev').platform, namespace: cluster.namespace });
      // On from 1.35.
      Object.assign(manifests.podOf('hub'), { hostnameOverride: 'another' });
      const hub = manifests.get('Deployment', 'hub');
      const missed = lost(hub, await cluster.apply(hub as never, { dryRun: true }));
      const isOlder = version === supportedVersions.oldest;
      expect(missed).toEqual(isOlder ? [expect.stringMatching(/hostnameOverride: applied "another", is undef/)] : []);
    });

    it('publishes schemas that kubeconform finds nothing against, in any environment or switch', async () => {
      const all = [...platforms].map(([name, { objects }]) => ({ name, objects }));
      const schemas = join(folder, 'schemas');
      await writeSchemas(cluster, new Set(all.flatMap(({ objects }) => objects.map((it) => it.apiVersion))), schemas);
      for (const { name, objects } of all) {
        const verdicts = await kubeconform(objects, schemas);
        expect(
          verdicts.filter(({ status }) => status !== 'statusValid'),
          name,
        ).toEqual([]);
        expect(verdicts).toHaveLength(objects.length);
      }
      const wrong = platformOf('routed').copy();
      Object.assign(wrong.get('Deployment', 'hub').spec, { replica: 3 });
      Object.assign(wrong.get('Service', 'hub').spec, { ports: 'all' });
      Object.assign(wrong.of('HTTPRoute')[0]?.spec ?? {}, { hostname: 'a.example.com' });
      const invalid = (await kubeconform(wrong.objects, schemas)).filter(({ status }) => status === 'statusInvalid');
      expect(invalid.map(({ kind, msg }) => `${kind}: ${msg}`)).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/^Deployment: .*'replica'/),
          expect.stringMatching(/^Service: .*ports/),
          expect.stringMatching(/^HTTPRoute: .*'hostname'/),
        ]),
      );
      expect(invalid).toHaveLength(3);
    });

    it.each(applied)(
      'keeps every field of %s that is applied',
      async (name) => {
        const own = await emptyNamespace(cluster);
        const { platform } = renderPlatform({ ...platformOf(name).platform, namespace: own.namespace });
        for (const object of platform) await own.apply(object as never);
        await expectKept(own, platform);
      },
      300_000,
    );

    // kubectl takes its time, and what it sends is the same for all versions.
    it.each(version === versionsHere.at(-1) ? applied : [])(
      'loses no field of %s to kubectl apply, and changes nothing the second time',
      async (name) => {
        const own = await emptyNamespace(cluster);
        const rendered = renderPlatform({ ...platformOf(name).platform, namespace: own.namespace });
        writeEnvironment(join(folder, name), rendered);
        // The first file is the namespace, which the test has made.
        const apply = async () =>
          linesOf(await own.kubectl('apply', '-f', join(folder, name, 'plain/2-platform.yaml')));
        expect((await apply()).filter((line) => !line.endsWith(' created'))).toEqual([]);
        await expectKept(own, rendered.platform);
        // Controllers write what they see meanwhile, which is no change of what was applied.
        await eventually(
          async () => {
            const before = await versionsOf(own, rendered.platform);
            const said = await apply();
            const after = await versionsOf(own, rendered.platform);
            expect(said.filter((line) => !line.endsWith(' unchanged') && !saidAnyway.test(line))).toEqual([]);
            const moved = Object.keys(before).filter((key) => before[key] !== after[key]);
            return moved.length === 0 ? undefined : `has another resourceVersion: ${moved.join()}`;
          },
          { timeoutMs: 120_000, everyMs: 1_000 },
        );
      },
      300_000,
    );
  });
}

describeWithServer('cluster', 'the API server of the test cluster', () => {
  it('can not be of the newest version that is supported, which only CI shows', async () => {
    const { newest } = supportedVersions;
    const kubetools = join(await buildKubetools(), 'kubetools');
    const refused = promisify(execFile)(kubetools, ['kube-apiserver', emulated(newest)]);
    const range = `emulation version ${newest} is not between [1.33, ${versionsHere.at(-1)}`;
    await expect(refused).rejects.toMatchObject({ stderr: expect.stringContaining(range) });
  }, 300_000);
});

function linesOf(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
