import { madeSecrets } from '#shared/contract/secrets.ts';
import type { Kube, KubeObject } from '#shared/kubernetes/kube.ts';
import { madeByBootstrap } from '../labels.ts';

type ConfigMap = KubeObject & { readonly data?: Readonly<Record<string, string>> };

/** Secrets of stores that have been there, with the time at which that was first seen. */
export class MadeSecrets {
  readonly #kube: Kube;
  readonly #known: Set<string>;

  private constructor(kube: Kube, known: Iterable<string>) {
    this.#kube = kube;
    this.#known = new Set(known);
  }

  static async read(kube: Kube): Promise<MadeSecrets> {
    const configMap = await kube.get<ConfigMap>('configmaps', madeSecrets);
    return new MadeSecrets(kube, Object.keys(configMap?.data ?? {}));
  }

  has(secret: string): boolean {
    return this.#known.has(secret);
  }

  /** After the Secret is there: a note that came first would be of one that never was. */
  async note(secret: string): Promise<void> {
    if (this.#known.has(secret)) return;
    const data = { [secret]: new Date().toISOString() };
    const configMap = { metadata: { name: madeSecrets, labels: madeByBootstrap }, data };
    const isNew = await this.#kube.create('configmaps', configMap);
    if (!isNew) await this.#kube.patch('configmaps', madeSecrets, { data });
    this.#known.add(secret);
  }
}
