import type { X509Certificate } from 'node:crypto';
import { certificateKeys, successorKeys } from '#shared/contract/secrets.ts';
import type { Kube, KubeObject } from '#shared/kubernetes/kube.ts';
import { KubeProblem } from '#shared/kubernetes/kube-problem.ts';
import { madeByBootstrap } from '../labels.ts';
import { isPair, readCertificates } from './pem.ts';

/** `null` removes it. */
export type Annotations = Readonly<Record<string, string | null>>;
/** PEM; null removes it. */
export type TlsContent = Readonly<Partial<Record<keyof typeof contentKeys, string | null>>>;

const contentKeys = { ...certificateKeys, ...successorKeys };

/** A Secret of type kubernetes.io/tls as it was read. */
export type TlsSecret = {
  readonly name: string;
  readonly resourceVersion: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly content: Readonly<Partial<Record<keyof typeof contentKeys, string>>>;
  /** undefined: none that its key fits. */
  readonly certificate: X509Certificate | undefined;
  readonly trusted: readonly X509Certificate[];
};

type Secret = KubeObject & { readonly type?: string; readonly data?: Readonly<Record<string, string>> };

export async function readTlsSecret(kube: Kube, name: string): Promise<TlsSecret | undefined> {
  const secret = await kube.get<Secret>('secrets', name);
  return secret && parse(secret);
}

/** A KubeProblem 409 where somebody else made it meanwhile. */
export async function createTlsSecret(
  kube: Kube,
  name: string,
  content: TlsContent,
  annotations: Annotations = {},
): Promise<void> {
  const metadata = { name, labels: madeByBootstrap, annotations };
  const secret = { metadata, type: 'kubernetes.io/tls', data: toData(content) };
  if (await kube.create('secrets', secret as KubeObject)) return;
  throw new KubeProblem(`create secrets/${name}`, { status: 409, message: 'somebody else made it meanwhile' });
}

/** A KubeProblem 409 where somebody else changed it since it was read. */
export async function changeTlsSecret(
  kube: Kube,
  { name, resourceVersion }: TlsSecret,
  { content = {}, annotations = {} }: { content?: TlsContent; annotations?: Annotations },
): Promise<TlsSecret> {
  const change = { metadata: { resourceVersion, annotations }, data: toData(content) };
  return parse(await kube.patch<Secret>('secrets', name, change));
}

function parse({ metadata, data = {} }: Secret): TlsSecret {
  const entries = Object.entries(contentKeys).map(([part, key]) => [part, data[key]] as const);
  const content: TlsSecret['content'] = Object.fromEntries(
    entries.flatMap(([part, value]) => (value ? [[part, Buffer.from(value, 'base64').toString()]] : [])),
  );
  const [certificate] = readCertificates(content.certificate ?? '');
  return {
    name: metadata.name,
    resourceVersion: metadata.resourceVersion ?? '',
    annotations: metadata.annotations ?? {},
    content,
    certificate: certificate && isPair(certificate, content.privateKey ?? '') ? certificate : undefined,
    trusted: readCertificates(content.trusted ?? ''),
  };
}

function toData(content: TlsContent): Record<string, string | null> {
  const parts = Object.entries(content) as [keyof TlsContent, string | null][];
  return Object.fromEntries(
    parts.map(([part, value]) => [contentKeys[part], value && Buffer.from(value).toString('base64')]),
  );
}
