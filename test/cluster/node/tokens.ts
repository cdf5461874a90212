import type { Kube } from '../api/kube.ts';
import type { PodObject } from '../api/pod-spec.ts';

type Request = { audience?: string; expirationSeconds?: number };

/** A pod's ServiceAccount tokens, bound to it, renewed at four fifths of their life. */
export class Tokens {
  readonly #kube: Kube;
  readonly #pod: () => PodObject;
  readonly #tokens = new Map<string, { data: Buffer; renewAtMs: number }>();

  constructor(kube: Kube, pod: () => PodObject) {
    this.#kube = kube;
    this.#pod = pod;
  }

  async get({ audience, expirationSeconds = 3600 }: Request): Promise<Buffer> {
    const key = `${audience} ${expirationSeconds}`;
    const held = this.#tokens.get(key);
    if (held !== undefined && held.renewAtMs > Date.now()) return held.data;
    const { metadata, spec } = this.#pod();
    const { namespace, name, uid } = metadata;
    const { status } = await this.#kube.must<{ status: { token: string } }>(
      'POST',
      `/api/v1/namespaces/${namespace}/serviceaccounts/${spec.serviceAccountName}/token`,
      {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'TokenRequest',
        spec: {
          ...(audience !== undefined && { audiences: [audience] }),
          expirationSeconds,
          boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name, uid },
        },
      },
    );
    const data = Buffer.from(status.token);
    this.#tokens.set(key, { data, renewAtMs: Date.now() + expirationSeconds * 800 });
    return data;
  }
}
