import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { authoritySecret, certificateSecrets } from '#shared/contract/secrets.ts';
import { readInCluster } from '#shared/kubernetes/in-cluster.ts';
import { Kube, type KubeObject, type KubeResource } from '#shared/kubernetes/kube.ts';
import { KubeProblem } from '#shared/kubernetes/kube-problem.ts';
import { untilAnswered } from '#shared/kubernetes/until-answered.ts';
import { readConfig } from '#shared/runtime/config.ts';
import { createLogger } from '#shared/runtime/log.ts';
import type { Secret } from '#test/cluster/api/objects.ts';
import type { Cluster } from '#test/cluster/client/cluster.ts';
import { describeOnCluster } from '#test/cluster/use-cluster.ts';
import { FakeClock } from '#test/fake-clock.ts';
import { installedNamespace, runBootstrap, settingsOf } from '../on-cluster.fixture.ts';
import { ensureCertificates, type Server } from './ensure-certificates.ts';
import { dnsNamesOf, isSignedBy, readCertificates } from './pem.ts';
import { connection } from './tls-connection.fixture.ts';

const minute = 60_000;
const lifetimes = { authorityMs: 90 * minute, certificateMs: 30 * minute, trustMs: 5 * minute, settleMs: 2 * minute };
const servers: readonly Server[] = Object.values(certificateSecrets).map((secret) => ({
  secret,
  names: [secret.replace('-tls', ''), 'localhost'],
}));
const log = createLogger({ name: 'test', level: 'silent' });

/** What a Secret of type kubernetes.io/tls holds, in PEM. */
type Files = { readonly certificate: string; readonly privateKey: string; readonly trusted: string };

describeOnCluster('certificates of the internal authority, on a real API server', (on) => {
  test('are made for every store, each by its names, and clients that trust ca.crt connect', async () => {
    const { cluster, ensure } = await installed(on.cluster, new FakeClock(Date.now()));
    await ensure();
    for (const { secret, names } of servers) {
      const files = await filesOf(cluster, secret);
      expect((await cluster.get<Secret & { type: string }>('Secret', secret)).type).toBe('kubernetes.io/tls');
      for (const name of names) expect(await connection(files, files.trusted, name)).toBe('ok');
      expect(await connection(files, files.trusted, 'another')).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
    }
    const stranger = await installed(on.cluster, new FakeClock(Date.now()));
    await stranger.ensure();
    const foreign = await filesOf(stranger.cluster, 'redis-tls');
    expect(await connection(await filesOf(cluster, 'redis-tls'), foreign.trusted, 'redis')).not.toBe('ok');
  });

  test('a run with nothing due changes nothing', async () => {
    const { cluster, ensure, clock } = await installed(on.cluster, new FakeClock(Date.now()));
    await ensure();
    const before = await versions(cluster);
    clock.advance(5 * minute);
    await ensure();
    expect(await versions(cluster)).toEqual(before);
  });

  test('over renewals and a change of authority, whoever is behind or ahead connects, and whose copy is older', async () => {
    // It ends about now: certificates that were made by the clock are in force for real sockets.
    const clock = new FakeClock(Date.now() - 70 * minute);
    const { cluster, ensure } = await installed(on.cluster, clock);
    const seen: (Files & { readonly at: number })[] = [];
    for (let tick = 0; tick <= 70; tick++) {
      await ensure();
      seen.push({ ...(await filesOf(cluster, 'mongodb-tls')), at: clock.now() });
      clock.advance(minute);
    }
    const roots = seen.map(({ trusted }) => readCertificates(trusted).length);
    expect(new Set(seen.map(({ certificate }) => certificate)).size).toBeGreaterThanOrEqual(5);
    expect([roots[0], Math.max(...roots), roots.at(-1)]).toEqual([1, 2, 1]);

    const isInTime = (aheadMs: number) => aheadMs >= -lifetimes.trustMs && aheadMs <= lifetimes.settleMs;
    const asked = new Map<string, Promise<string>>();
    for (const served of seen.filter(({ certificate }) => new X509Certificate(certificate).validToDate > new Date())) {
      for (const client of seen.filter(({ at }) => isInTime(at - served.at))) {
        const key = served.certificate + client.trusted;
        const answer = asked.get(key) ?? connection(served, client.trusted, 'mongodb');
        asked.set(key, answer);
        expect(await answer).toBe('ok');
      }
    }
    expect(asked.size).toBeGreaterThanOrEqual(4);
    const [first, last] = [seen[0], seen.at(-1)];
    if (!first || !last) throw new Error('some were seen');
    expect(await connection(last, first.trusted, 'mongodb')).not.toBe('ok');
  });

  test('a change of authority that is cut off at any write goes on with the next run', async () => {
    const began = Date.now() - 68 * minute;
    const clock = new FakeClock(began);
    const { cluster, ensure, kube } = await installed(on.cluster, clock);
    for (; clock.now() < began + 58 * minute; clock.advance(5 * minute)) await ensure();
    const [former] = readCertificates((await filesOf(cluster, authoritySecret)).certificate);
    const seen: Files[] = [];
    for (let run = 0; run < 30; run++) {
      const cut = new CutOffKube(kube, run % 5);
      await ensure(cut).catch((error: unknown) => expect(error).toBe(cut.problem));
      seen.push(await filesOf(cluster, 'redis-tls'));
      for (const before of seen.slice(-2)) {
        for (const after of seen.slice(-2)) expect(await connection(before, after.trusted, 'redis')).toBe('ok');
      }
      clock.advance(lifetimes.settleMs / 8);
    }
    for (let tick = 0; tick < 4; tick++) {
      clock.advance(lifetimes.settleMs);
      await ensure();
    }
    const [authority] = readCertificates((await filesOf(cluster, authoritySecret)).certificate);
    expect(authority?.subject).not.toBe(former?.subject);
    for (const { secret } of servers) {
      const { certificate, trusted } = await filesOf(cluster, secret);
      if (!authority) throw new Error('there is one');
      expect(isSignedBy(new X509Certificate(certificate), authority)).toBe(true);
      expect(readCertificates(trusted)).toHaveLength(1);
    }
  });

  test('three runs at once leave one authority and pairs that fit', async () => {
    const { cluster, ensure } = await installed(on.cluster, new FakeClock(Date.now()));
    const run = () => untilAnswered(() => ensure(), { waitMs: 60_000, log });
    await Promise.all([run(), run(), run()]);
    const [authority] = readCertificates((await filesOf(cluster, authoritySecret)).certificate);
    for (const { secret, names } of servers) {
      const files = await filesOf(cluster, secret);
      expect(readCertificates(files.trusted)).toEqual([authority]);
      expect(await connection(files, files.trusted, names[0] ?? '')).toBe('ok');
    }
  });

  test('three runs at once that find the authority due make one more, not three', async () => {
    const { cluster, ensure, clock } = await installed(on.cluster, new FakeClock(Date.now() - 60 * minute));
    await ensure();
    clock.advance(60 * minute);
    const run = () => untilAnswered(() => ensure(), { waitMs: 60_000, log });
    await Promise.all([run(), run(), run()]);
    const [authority] = readCertificates((await filesOf(cluster, authoritySecret)).certificate);
    for (const { secret } of servers) {
      const trusted = readCertificates((await filesOf(cluster, secret)).trusted);
      expect(trusted).toHaveLength(2);
      expect(trusted[0]).toEqual(authority);
    }
  });

  test('an authority whose Secret is lost is replaced as one that is due, trusted before it signs', async () => {
    const { cluster, ensure, clock } = await installed(on.cluster, new FakeClock(Date.now() - 8 * minute));
    await ensure();
    const before = await filesOf(cluster, 'rabbitmq-tls');
    await cluster.remove('Secret', authoritySecret);
    await ensure();
    const trusting = await filesOf(cluster, 'rabbitmq-tls');
    expect(trusting.certificate).toBe(before.certificate);
    expect(readCertificates(trusting.trusted)).toHaveLength(2);
    clock.advance(lifetimes.settleMs);
    await ensure();
    const served = await filesOf(cluster, 'rabbitmq-tls');
    expect(served.certificate).not.toBe(before.certificate);
    expect(await connection(served, trusting.trusted, 'rabbitmq')).toBe('ok');
    clock.advance(lifetimes.settleMs);
    await ensure();
    expect(readCertificates((await filesOf(cluster, 'rabbitmq-tls')).trusted)).toHaveLength(1);
  });

  test('a lost or broken Secret of a store, and a new name, are mended at once', async () => {
    const { cluster, ensure, kube } = await installed(on.cluster, new FakeClock(Date.now()));
    await ensure();
    const { privateKey } = await filesOf(cluster, 'mongodb-tls');
    await cluster.remove('Secret', 'redis-tls');
    await cluster.patch('Secret', 'rabbitmq-tls', { stringData: { 'tls.key': privateKey } });
    await ensure();
    for (const { secret, names } of servers) {
      const files = await filesOf(cluster, secret);
      expect(await connection(files, files.trusted, names[0] ?? '')).toBe('ok');
    }
    const more = servers.map(({ secret, names }) => ({ secret, names: [...names, `${secret}.new`] }));
    await ensure(kube, more);
    const [redis] = readCertificates((await filesOf(cluster, 'redis-tls')).certificate);
    expect(redis && dnsNamesOf(redis)).toEqual(['redis', 'localhost', 'redis-tls.new']);
  });

  test('the command makes them as either account, and a second run changes nothing', async () => {
    const { cluster } = await installed(on.cluster, new FakeClock());
    const names = { RABBITMQ_NAMES: 'rabbitmq', MONGODB_NAMES: 'mongodb,mongodb-0.mongodb', REDIS_NAMES: 'redis' };
    const first = await runBootstrap('certificates', { ...(await settingsOf(cluster, 'bootstrap')), ...names });
    expect(first).toMatchObject({ code: 0 });
    const before = await versions(cluster);
    expect(Object.keys(before)).toHaveLength(4);
    const second = await runBootstrap('certificates', { ...(await settingsOf(cluster, 'certificates')), ...names });
    expect(second).toMatchObject({ code: 0 });
    expect(await versions(cluster)).toEqual(before);
    expect(first.output).not.toContain('PRIVATE');
  });
});

async function installed(shared: Cluster, clock: FakeClock) {
  const cluster = await installedNamespace(shared);
  const env = await settingsOf(cluster, 'certificates');
  const { access, namespace } = readConfig(env, readInCluster);
  const kube = new Kube(access, namespace);
  const ensure = (by: Pick<Kube, 'get' | 'create' | 'patch'> = kube, of = servers) =>
    ensureCertificates({ kube: by as Kube, servers: of, lifetimes, clock, log });
  return { cluster, kube, clock, ensure };
}

/** The process ends before a write. */
class CutOffKube {
  readonly problem = new KubeProblem('cut off', { status: 0, message: 'the process ended' });
  readonly #kube: Kube;
  #left: number;

  constructor(kube: Kube, writes: number) {
    this.#kube = kube;
    this.#left = writes;
  }

  get<T extends KubeObject>(resource: KubeResource, name: string): Promise<T | undefined> {
    return this.#kube.get<T>(resource, name);
  }

  async create(resource: KubeResource, object: KubeObject): Promise<boolean> {
    this.#count();
    return this.#kube.create(resource, object);
  }

  async patch<T extends KubeObject>(resource: KubeResource, name: string, change: object): Promise<T> {
    this.#count();
    return this.#kube.patch<T>(resource, name, change);
  }

  #count(): void {
    if (this.#left-- <= 0) throw this.problem;
  }
}

async function filesOf(cluster: Cluster, secret: string): Promise<Files> {
  const { data = {} } = await cluster.get<Secret>('Secret', secret);
  const text = (key: string) => Buffer.from(data[key] ?? '', 'base64').toString();
  return { certificate: text('tls.crt'), privateKey: text('tls.key'), trusted: text('ca.crt') };
}

async function versions(cluster: Cluster): Promise<Record<string, string | undefined>> {
  const all = await cluster.list<Secret>('Secret');
  return Object.fromEntries(all.map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
}
