import type { Contained, Manifests, Workload } from '../rendered/manifests.ts';
import type { Fault } from './rule.ts';

/** A fault for each container, init and sidecar too, of which `why` has something to say. */
export function eachContainer(why: (contained: Contained) => string | undefined) {
  return (manifests: Manifests): Fault[] => faultsOf(manifests.containers, why);
}

/** A fault for each pod template of which `why` has something to say. */
export function eachWorkload(why: (workload: Workload, manifests: Manifests) => string | undefined) {
  return (manifests: Manifests): Fault[] => faultsOf(manifests.workloads, (it) => why(it, manifests));
}

export function faultsOf<T extends { readonly where: string }>(
  subjects: readonly T[],
  why: (subject: T) => string | undefined,
): Fault[] {
  return subjects.flatMap((subject) => {
    const reason = why(subject);
    return reason === undefined ? [] : [{ where: subject.where, why: reason }];
  });
}

/** The part of a container or a pod that a proof breaks. @throws Error when it is not there */
export function part<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('what is to be broken is not rendered');
  return value;
}
