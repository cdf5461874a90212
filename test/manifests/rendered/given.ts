import {
  authoritySecret,
  certificateKeys,
  certificateSecrets,
  madeSecrets,
  type Store,
  secrets,
  stores,
} from '#shared/contract/secrets.ts';
import type { ExternalStore } from '../../../cdk8s/platform-props.ts';
import { usesTls } from '../../../cdk8s/stores/store-hosts.ts';
import type { Manifests } from './manifests.ts';

/** Secrets that no manifest holds, with their keys: the bootstrap Job or cert-manager makes them, or whoever installs. */
export function givenSecrets({ platform }: Manifests): ReadonlyMap<string, readonly string[]> {
  const { hs256Secret } = platform.tokens;
  return new Map<string, readonly string[]>([
    ...Object.values(secrets).map(({ name, keys }): [string, string[]] => [name, Object.values(keys)]),
    ...(usesTls(platform) ? certificates() : []),
    ...(hs256Secret ? [[hs256Secret.name, [hs256Secret.key]] as const] : []),
    ...stores.flatMap((store) => externalSecrets(store, platform[store].external)),
    ...(platform.images.pullSecrets ?? []).map((name): [string, string[]] => [name, ['.dockerconfigjson']]),
  ]);
}

/** Of a store of somebody else: passwords under the names of our users, and who signed its certificate. */
function externalSecrets(store: Store, external: ExternalStore | undefined): [string, string[]][] {
  if (!external) return [];
  const { passwords, ca } = external;
  return [
    [passwords, Object.values(secrets[store].keys)],
    ...(ca ? [[ca.secret, [ca.key]] as [string, string[]]] : []),
  ];
}

function certificates(): [string, string[]][] {
  return Object.values(certificateSecrets).map((name) => [name, Object.values(certificateKeys)]);
}

/** What the bootstrap Job and the CronJob make and look after, beside what pods mount. */
export const madeElsewhere: readonly string[] = [authoritySecret, madeSecrets, ...Object.values(certificateSecrets)];
