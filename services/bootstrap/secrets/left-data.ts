import type { Kube } from '#shared/kubernetes/kube.ts';
import type { MadeSecrets } from './made-secrets.ts';

/** A store whose data knows its passwords. */
export type KeepingStore = {
  /** Of its StatefulSet. */
  readonly name: string;
  /** Names of all claims that it may have. */
  readonly claims: readonly string[];
};

/** Clocks of several API servers differ; nobody restores claims this shortly before an install. */
const clockSkewMs = 5_000;

/**
 * Claims whose data was made with passwords that are gone. An install of everything at once makes its claims before its
 * Secrets are there, so a claim alone tells nothing: these are of a Secret that was there once, or older than the StatefulSet.
 */
export async function leftData(
  kube: Kube,
  store: KeepingStore,
  secret: string,
  made: MadeSecrets,
): Promise<readonly string[]> {
  const [statefulSet, ...claims] = await Promise.all([
    kube.get('statefulsets', store.name),
    ...store.claims.map((claim) => kube.get('persistentvolumeclaims', claim)),
  ]);
  const began = timeOf(statefulSet?.metadata.creationTimestamp) - clockSkewMs;
  return claims.flatMap((claim) => {
    if (!claim) return [];
    const isOlder = !statefulSet || timeOf(claim.metadata.creationTimestamp) < began;
    return made.has(secret) || isOlder ? [claim.metadata.name] : [];
  });
}

function timeOf(timestamp: string | undefined): number {
  return Date.parse(timestamp ?? '');
}
