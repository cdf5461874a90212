import type { X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isRenewalDue } from '#services/bootstrap/certificates/renewal.ts';
import { certificateSecrets, type Store, stores } from '#shared/contract/secrets.ts';
import { eventually } from '../eventually.ts';
import type { PodObject } from './api/pod-spec.ts';
import { RenewedPlatform } from './certificates/platform.ts';
import { StoreCertificates } from './certificates/served.ts';
import { Traffic } from './certificates/traffic.ts';
import type { Cluster } from './client/cluster.ts';
import { describeOnCluster, ownNamespace } from './use-cluster.ts';

const restricted = { 'pod-security.kubernetes.io/enforce': 'restricted' };
const timeoutMs = 30 * 60_000;
const patience = { timeoutMs: 600_000, everyMs: 250 };

describeOnCluster(
  'certificates that live for minutes, under traffic',
  (on) => {
    let platform: RenewedPlatform;
    let publishers: Cluster;
    let certificates: StoreCertificates;
    let traffic: Traffic;
    let lives: Readonly<Record<string, string>>;
    let lifeSeconds: number;
    let first: Record<Store, X509Certificate>;

    const becomesDue = (certificate: X509Certificate | undefined) =>
      eventually(() => (certificate && isRenewalDue(certificate, Date.now()) ? undefined : 'it is not due'), {
        ...patience,
        timeoutMs,
      });
    const becomesServed = () => eventually(() => certificates.whyNotServed(), patience);

    beforeAll(async () => {
      platform = new RenewedPlatform(on.cluster);
      await platform.install();
      publishers = await ownNamespace(on.cluster, { ...restricted, 'sonixy.io/publisher': 'true' });
      certificates = await StoreCertificates.of(on.cluster);
      traffic = await Traffic.start(publishers, on.cluster, platform.bootstrapImage);
      lives = await platform.lives();
    }, timeoutMs);

    afterAll(async () => {
      await certificates?.[Symbol.asyncDispose]();
      await publishers?.remove('Namespace', publishers.namespace);
    });

    it(
      'stay as they are when the next authority is there, and is only trusted',
      async () => {
        const before = await certificates.served();
        await becomesDue(platform.authority);
        // On a busy machine they live longer: else they would end before anybody could renew them.
        lifeSeconds = Math.max(60, Math.ceil((20 * (await platform.renew())) / 1_000));
        await becomesServed();
        expect(serialsOf(await certificates.served())).toEqual(serialsOf(before));
        expect(await certificates.authorities()).toEqual({ rabbitmq: 2, mongodb: 2, redis: 2 });
        await traffic.copyAuthorities(on.cluster);
      },
      timeoutMs,
    );

    it(
      'are made at once where a Secret is deleted, and renewed at two thirds of their life',
      async () => {
        await platform.change({ certificateSeconds: lifeSeconds });
        for (const store of stores) await on.cluster.remove('Secret', certificateSecrets[store]);
        await platform.renew();
        await becomesServed();
        first = await certificates.served();
        for (const store of stores) await becomesDue(first[store]);
        await platform.renew();
        await becomesServed();
        const second = await certificates.served();
        for (const store of stores) {
          expect(second[store].serialNumber).not.toBe(first[store].serialNumber);
          expect(second[store].issuer).toBe(first[store].issuer);
          expect(Date.now()).toBeLessThan(first[store].validToDate.getTime());
        }
      },
      timeoutMs,
    );

    it(
      'come from the next authority, both trusted meanwhile, and then it alone',
      async () => {
        await platform.change({ certificateSeconds: lifeSeconds, trustSeconds: 0 });
        await platform.renew();
        await becomesServed();
        expect(await certificates.authorities()).toEqual({ rabbitmq: 2, mongodb: 2, redis: 2 });
        const served = await certificates.served();
        for (const store of stores) expect(served[store].issuer).not.toBe(first[store].issuer);
        await platform.renew();
        expect(await certificates.authorities()).toEqual({ rabbitmq: 1, mongodb: 1, redis: 1 });
        await becomesServed();
      },
      timeoutMs,
    );

    it(
      'let in whoever has to connect anew, and are told by a metric, when the first ones have ended',
      async () => {
        const ended = Math.max(...Object.values(first).map(({ validToDate }) => validToDate.getTime()));
        await eventually(() => (Date.now() > ended ? undefined : 'they are valid'), { ...patience, timeoutMs });
        await closeConnections(on.cluster);
        const chat = await podOf(on.cluster, 'chat');
        await using metrics = await on.cluster.forward(chat.status.podIP ?? '', 9100);
        await eventually(async () => {
          const text = await (await fetch(`${metrics.url}/metrics`)).text();
          const served = await certificates.served();
          const untold = stores.filter((store) => endIn(text, store) !== served[store].validToDate.getTime() / 1_000);
          return untold.length === 0 ? undefined : `it does not tell of ${untold}`;
        }, patience);
      },
      timeoutMs,
    );

    it(
      'cost nobody anything',
      async () => {
        const { likes, messages, faults } = await traffic.stop();
        expect(faults).toEqual([]);
        expect(Math.min(likes, messages)).toBeGreaterThan(20);
        expect(await platform.lives()).toEqual(lives);
      },
      timeoutMs,
    );
  },
  restricted,
);

function serialsOf(of: Record<Store, X509Certificate>): Record<string, string> {
  return Object.fromEntries(Object.entries(of).map(([store, { serialNumber }]) => [store, serialNumber]));
}

function endIn(metrics: string, store: Store): number {
  const line = new RegExp(`^store_certificate_expires_timestamp_seconds\\{store="${store}",\\S* (\\S+)$`, 'm');
  return Number(line.exec(metrics)?.[1]);
}

async function podOf(cluster: Cluster, component: string): Promise<PodObject> {
  const [pod] = await cluster.list<PodObject>('Pod', `app.kubernetes.io/name=${component}`);
  if (!pod) throw new Error(`there is no pod of ${component}`);
  return pod;
}

/** Of all clients of RabbitMQ and Redis: they connect anew, and verify whom they find. */
async function closeConnections(cluster: Cluster): Promise<void> {
  const rabbitmq = await cluster.exec('rabbitmq-0', ['rabbitmqctl', 'close_all_connections', 'a test'], {
    container: 'rabbitmq',
  });
  expect(rabbitmq.err).toBe('');
  const { data } = await cluster.get<{ data: Record<string, string>; metadata: { name: string } }>(
    'Secret',
    'redis-passwords',
  );
  const password = Buffer.from(data['admin'] ?? '', 'base64').toString();
  const cli = `REDISCLI_AUTH=${password} redis-cli --tls --cacert /etc/redis-tls/ca.crt -h localhost --user admin`;
  for (const type of ['normal', 'pubsub']) {
    const redis = await cluster.exec((await podOf(cluster, 'redis')).metadata.name, `${cli} CLIENT KILL TYPE ${type}`, {
      container: 'redis',
    });
    expect(Number(redis.out)).toBeGreaterThan(0);
  }
}
