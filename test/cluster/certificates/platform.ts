import { X509Certificate } from 'node:crypto';
import { issueAuthority } from '#services/bootstrap/certificates/x509-issuer.ts';
import { authoritySecret, certificateKeys } from '#shared/contract/secrets.ts';
import { dev } from '../../../cdk8s/environments/dev.ts';
import type { CertificateProps, PlatformProps } from '../../../cdk8s/platform-props.ts';
import { type KubeObject, renderPlatform } from '../../../cdk8s/synth/render.ts';
import type { PodObject } from '../api/pod-spec.ts';
import type { Cluster } from '../client/cluster.ts';

const startMs = 600_000;
const hourSeconds = 3_600;

/** Everybody knows within moments what a Job changed: a test looks whether it is so, and makes the next Job then. */
const byHand = { suspended: true, settleSeconds: 0, authoritySeconds: 20 * hourSeconds } as const;
const slow = { ...byHand, certificateSeconds: hourSeconds, trustSeconds: 3 * hourSeconds };

/** One of each, with TLS. Certificates are renewed when the test says so. */
export class RenewedPlatform {
  readonly cluster: Cluster;
  /** The first one. */
  authority: X509Certificate | undefined;
  #jobs = 0;

  constructor(cluster: Cluster) {
    this.cluster = cluster;
  }

  /**
   * With an authority that is old enough to be followed by another 40 s later, when the pods have read whom to trust.
   * Resolves when all of them are Ready.
   */
  async install(): Promise<void> {
    const lifetimeMs = 6 * hourSeconds * 1_000;
    const old = await issueAuthority({ now: Date.now() - (lifetimeMs * 2) / 3 + 140_000, lifetimeMs });
    this.authority = new X509Certificate(old.certificate);
    const data = { [certificateKeys.certificate]: old.certificate, [certificateKeys.privateKey]: old.privateKey };
    const type = 'kubernetes.io/tls';
    await this.cluster.create({ kind: 'Secret', metadata: { name: authoritySecret }, type, stringData: data });
    const stringData = { 'hs256-secret': 'a key of the identity service, of 32 bytes' };
    await this.cluster.create({ kind: 'Secret', metadata: { name: 'sonixy-tokens' }, stringData });
    const objects = this.#render(slow);
    for (const object of objects) await this.cluster.apply(object as never);
    const waiting = { timeoutMs: startMs };
    const workloads = objects.filter(({ kind }) => ['Job', 'StatefulSet', 'Deployment'].includes(kind));
    for (const { kind, metadata } of workloads) await this.cluster.ready(kind, metadata.name, waiting);
  }

  get bootstrapImage(): string {
    const job = this.#render(slow).find(({ kind }) => kind === 'Job');
    type Spec = { template: { spec: { containers: { image: string }[] } } };
    const image = (job?.['spec'] as Spec | undefined)?.template.spec.containers[0]?.image;
    if (image === undefined) throw new Error('there is no bootstrap Job');
    return image;
  }

  /** From the next Job on. */
  async change(certificates: CertificateProps): Promise<void> {
    const cronJob = this.#render({ ...slow, ...certificates }).find(({ kind }) => kind === 'CronJob');
    await this.cluster.apply(cronJob as never);
  }

  /** As docs/operations.md has it, by a Job of the CronJob. Resolves to how long it took, in milliseconds. */
  async renew(): Promise<number> {
    const name = `renewal-${++this.#jobs}`;
    const began = Date.now();
    await this.cluster.kubectl('create', 'job', '--from=cronjob/certificates', name);
    await this.cluster.ready('Job', name, { timeoutMs: startMs });
    return Date.now() - began;
  }

  /** Of all pods that serve: since when each is Ready, and how often its containers were restarted. */
  async lives(): Promise<Readonly<Record<string, string>>> {
    const pods = await this.cluster.list<PodObject>('Pod', 'app.kubernetes.io/name notin (bootstrap, certificates)');
    return Object.fromEntries(
      pods.map(({ metadata, status }) => {
        const ready = status.conditions?.find(({ type }) => type === 'Ready');
        const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
        const restarts = containers.map(({ name, restartCount }) => `${name} ${restartCount}`);
        return [metadata.name, `Ready is ${ready?.status} since ${ready?.lastTransitionTime}, restarts: ${restarts}`];
      }),
    );
  }

  #render(certificates: CertificateProps): readonly KubeObject[] {
    const platform: PlatformProps = { ...dev, namespace: this.cluster.namespace, tls: 'internal', certificates };
    return renderPlatform(platform).platform;
  }
}
