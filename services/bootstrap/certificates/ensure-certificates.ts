import { X509Certificate } from 'node:crypto';
import { authoritySecret } from '#shared/contract/secrets.ts';
import type { Kube } from '#shared/kubernetes/kube.ts';
import { KubeProblem } from '#shared/kubernetes/kube-problem.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { readCertificates, writeCertificates } from './pem.ts';
import {
  isRenewalDue,
  type Marks,
  marksAfter,
  type RenewalInput,
  renewalOf,
  type StoreCertificate,
  trustedOf,
  whyIssue,
} from './renewal.ts';
import { type Annotations, changeTlsSecret, createTlsSecret, readTlsSecret, type TlsSecret } from './tls-secret.ts';
import { issueAuthority, issueServer, type KeyPair } from './x509-issuer.ts';

export type Lifetimes = {
  readonly authorityMs: number;
  readonly certificateMs: number;
  /** How long a new authority is trusted before it signs: others, who took a copy of it, take the new one meanwhile. */
  readonly trustMs: number;
  /** Within which a change of a Secret has reached everybody who mounts it. */
  readonly settleMs: number;
};

/** A server with a certificate of its own. */
export type Server = { readonly secret: string; readonly names: readonly string[] };

export type EnsureCertificatesOptions = {
  readonly kube: Kube;
  readonly servers: readonly Server[];
  readonly lifetimes: Lifetimes;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Logger;
};

/** On the authority's Secret. */
const markNames = {
  trustedSince: 'sonixy.io/trusted-since',
  issuedSince: 'sonixy.io/issued-since',
  nextTrustedSince: 'sonixy.io/next-trusted-since',
} as const;

/**
 * Brings authority and certificates one step further where something is due. May be run at any time, end at any point and
 * begin anew; a KubeProblem 409 says that another run was at it.
 */
export async function ensureCertificates(options: EnsureCertificatesOptions): Promise<void> {
  const { kube, servers, lifetimes, clock, log } = options;
  const now = clock.now();
  const authority = await ensureAuthority(options, now);
  const pair = pairOf(authority);
  const found = await Promise.all(servers.map(({ secret }) => readTlsSecret(kube, secret)));
  const before = found.filter((it) => it !== undefined);
  const state = {
    authority: new X509Certificate(pair.certificate),
    next: readCertificates(authority.content.nextCertificate ?? '')[0],
    marks: readMarks(authority),
    stores: before,
    now,
    settleMs: lifetimes.settleMs,
  };
  const after: StoreCertificate[] = [];
  for (const [index, server] of servers.entries()) after.push(await ensureServer(server, found[index], state));
  await writeMarks(marksAfter(state, before, after));

  async function ensureServer(
    { secret, names }: Server,
    existing: TlsSecret | undefined,
    state: RenewalInput,
  ): Promise<StoreCertificate> {
    const renewal = renewalOf(state);
    const reason = existing ? whyIssue(existing, names, renewal, state) : 'it had none';
    const trusted = writeCertificates(trustedOf(existing ?? { trusted: [] }, renewal, state));
    const validity = { now, lifetimeMs: lifetimes.certificateMs };
    const issued = reason === undefined ? undefined : await issueServer(pair, names, validity);
    if (issued) log.info({ secret, reason }, 'issued a certificate');
    if (!existing) {
      await createTlsSecret(kube, secret, { ...issued, trusted });
      return { certificate: issued && new X509Certificate(issued.certificate), trusted: readCertificates(trusted) };
    }
    if (!issued && trusted === existing.content.trusted) return existing;
    if (trusted !== existing.content.trusted) log.info({ secret }, 'changed who is trusted');
    return changeTlsSecret(kube, existing, { content: { ...issued, trusted } });
  }

  async function writeMarks(marks: Marks): Promise<void> {
    const annotations = toAnnotations(marks);
    const isSame = Object.entries(annotations).every(
      ([name, value]) => (authority.annotations[name] ?? null) === value,
    );
    if (!isSame) await changeTlsSecret(kube, authority, { annotations });
  }
}

/** With its successor, from when it is due. */
async function ensureAuthority({ kube, lifetimes, log }: EnsureCertificatesOptions, now: number): Promise<TlsSecret> {
  const existing = await readTlsSecret(kube, authoritySecret);
  const issue = () => issueAuthority({ now, lifetimeMs: lifetimes.authorityMs });
  if (!existing) {
    await createTlsSecret(kube, authoritySecret, await issue());
    log.info('made an authority');
    const created = await readTlsSecret(kube, authoritySecret);
    if (created) return created;
    throw new KubeProblem(`get secrets/${authoritySecret}`, { status: 409, message: 'somebody deleted it at once' });
  }
  const { certificate, content } = existing;
  if (!certificate || certificate.validToDate.getTime() <= now) {
    log.info('replaced an authority that is no more');
    const unmarked = toAnnotations({ trustedSince: undefined, issuedSince: undefined, nextTrustedSince: undefined });
    const none = { nextCertificate: null, nextPrivateKey: null };
    return changeTlsSecret(kube, existing, { content: { ...(await issue()), ...none }, annotations: unmarked });
  }
  if (!isRenewalDue(certificate, now)) return existing;
  const { nextCertificate, nextPrivateKey } = content;
  if (!nextCertificate || !nextPrivateKey) {
    const next = await issue();
    log.info('made the next authority');
    return changeTlsSecret(kube, existing, {
      content: { nextCertificate: next.certificate, nextPrivateKey: next.privateKey },
    });
  }
  const { nextTrustedSince } = readMarks(existing);
  if (nextTrustedSince === undefined || now - nextTrustedSince < lifetimes.trustMs) return existing;
  log.info('the next authority signs from now on');
  return changeTlsSecret(kube, existing, {
    content: { certificate: nextCertificate, privateKey: nextPrivateKey, nextCertificate: null, nextPrivateKey: null },
    annotations: toAnnotations({ trustedSince: nextTrustedSince, issuedSince: undefined, nextTrustedSince: undefined }),
  });
}

function pairOf({ content: { certificate = '', privateKey = '' } }: TlsSecret): KeyPair {
  return { certificate, privateKey };
}

function readMarks({ annotations }: TlsSecret): Marks {
  const timeOf = (name: string) => Date.parse(annotations[name] ?? '') || undefined;
  return {
    trustedSince: timeOf(markNames.trustedSince),
    issuedSince: timeOf(markNames.issuedSince),
    nextTrustedSince: timeOf(markNames.nextTrustedSince),
  };
}

function toAnnotations(marks: Marks): Annotations {
  const text = (time: number | undefined) => (time === undefined ? null : new Date(time).toISOString());
  return {
    [markNames.trustedSince]: text(marks.trustedSince),
    [markNames.issuedSince]: text(marks.issuedSince),
    [markNames.nextTrustedSince]: text(marks.nextTrustedSince),
  };
}
