import { madeSecrets, type SecretId, secrets } from '#shared/contract/secrets.ts';
import type { Kube, KubeObject } from '#shared/kubernetes/kube.ts';
import type { Logger } from '#shared/runtime/log.ts';
import { madeByBootstrap } from '../labels.ts';
import { type KeepingStore, leftData } from './left-data.ts';
import { MadeSecrets } from './made-secrets.ts';
import { makeSecret } from './secret-contents.ts';

type Secret = KubeObject & { readonly type?: string; readonly data?: Readonly<Record<string, string>> };

/** Secrets that a store's data depends on. The publisher's does not: definitions set its password at each start. */
export type KeepingStores = { readonly rabbitmq: KeepingStore; readonly mongodb: KeepingStore };

export type EnsureSecretsOptions = {
  readonly kube: Kube;
  readonly stores: KeepingStores;
  readonly log: Logger;
};

/**
 * Makes each Secret that is missing; what is there is never touched. Safe to run twice, also at once. Answers what a person
 * must mend.
 */
export async function ensureSecrets({ kube, stores, log }: EnsureSecretsOptions): Promise<readonly string[]> {
  const made = await MadeSecrets.read(kube);
  const problems: string[] = [];
  for (const id of Object.keys(secrets) as SecretId[]) {
    const { name } = secrets[id];
    const existing = await kube.get<Secret>('secrets', name);
    const store = id === 'rabbitmq' || id === 'mongodb' ? stores[id] : undefined;
    const left = store && !existing ? await leftData(kube, store, name, made) : [];
    if (store && left.length > 0) {
      problems.push(whyLost(name, store, left));
      continue;
    }
    if (existing) problems.push(...whyLacking(id, existing));
    else if (await createSecret(kube, id)) log.info({ secret: name }, 'made a Secret');
    if (store) await made.note(name);
  }
  return problems;
}

function createSecret(kube: Kube, id: SecretId): Promise<boolean> {
  const data = Object.entries(makeSecret(id)).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  const metadata = { name: secrets[id].name, labels: madeByBootstrap };
  return kube.create('secrets', { metadata, type: 'Opaque', data: Object.fromEntries(data) } as Secret);
}

function whyLacking(id: SecretId, { data = {} }: Secret): string[] {
  const { name, keys } = secrets[id];
  const lacking = Object.values(keys).filter((key) => !data[key]);
  if (lacking.length === 0) return [];
  return [`Secret ${name} lacks ${lacking.join(', ')}: add them, since what is there is never changed here`];
}

function whyLost(secret: string, store: KeepingStore, claims: readonly string[]): string {
  const objects = [`statefulset/${store.name}`, ...claims.map((it) => `pvc/${it}`), `configmap/${madeSecrets}`];
  return (
    `Secret ${secret} is gone, and the data of ${claims.join(', ')} knows its passwords: restore it from a backup. ` +
    `To begin anew WITHOUT that data: kubectl delete ${objects.join(' ')}. This Job then goes on by itself within minutes; apply again for the rest`
  );
}
