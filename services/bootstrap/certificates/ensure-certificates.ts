import { X509Certificate } from 'node:crypto';
import { authoritySecret } from '#shared/contract/secrets.ts';
import type { Kube } from '#shared/kubernetes/kube.ts';
import { KubeProblem } from '#shared/kubernetes/kube-problem.ts';
import type { Clock } from '#shared/runtime/clock.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { writeCertificates } from './pem.ts';
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
const markNames = { trustedSince: 'sonixy.io/trusted-since', issuedSince: 'sonixy.io/issued-since' } as const;

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
      return { certificate: issued && new X509Certificate(issued.certificate), trusted: [state.authority] };
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

async function ensureAuthority({ kube, lifetimes, log }: EnsureCertificatesOptions, now: number): Promise<TlsSecret> {
  const existing = await readTlsSecret(kube, authoritySecret);
  if (existing?.certificate && !isRenewalDue(existing.certificate, now)) return existing;
  const content = await issueAuthority({ now, lifetimeMs: lifetimes.authorityMs });
  const annotations = toAnnotations({ trustedSince: undefined, issuedSince: undefined });
  log.info({ renewed: existing !== undefined }, 'made an authority');
  if (existing) return changeTlsSecret(kube, existing, { content, annotations });
  await createTlsSecret(kube, authoritySecret, content);
  const created = await readTlsSecret(kube, authoritySecret);
  if (created) return created;
  throw new KubeProblem(`get secrets/${authoritySecret}`, { status: 409, message: 'somebody deleted it at once' });
}

function pairOf({ content: { certificate = '', privateKey = '' } }: TlsSecret): KeyPair {
  return { certificate, privateKey };
}

function readMarks({ annotations }: TlsSecret): Marks {
  const timeOf = (name: string) => Date.parse(annotations[name] ?? '') || undefined;
  return { trustedSince: timeOf(markNames.trustedSince), issuedSince: timeOf(markNames.issuedSince) };
}

function toAnnotations({ trustedSince, issuedSince }: Marks): Annotations {
  const text = (time: number | undefined) => (time === undefined ? null : new Date(time).toISOString());
  return { [markNames.trustedSince]: text(trustedSince), [markNames.issuedSince]: text(issuedSince) };
}
