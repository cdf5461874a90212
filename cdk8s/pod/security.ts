import type { k8s } from 'cdk8s-plus-27';

/**
 * Who a pod runs as. `assigned`: the cluster gives each namespace a range of ids of its own and refuses others (OpenShift);
 * then no id is named, and images must work under any uid with gid 0.
 */
export type UserIds = 'fixed' | 'assigned';

/** Pod Security `restricted`. `uid` is also the group, and the group of volumes. */
export function podSecurity(ids: UserIds, uid: number): k8s.PodSecurityContext {
  return {
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
    ...(ids === 'fixed'
      ? { runAsUser: uid, runAsGroup: uid, fsGroup: uid, fsGroupChangePolicy: 'OnRootMismatch' }
      : {}),
  };
}

export const containerSecurity: k8s.SecurityContext = {
  allowPrivilegeEscalation: false,
  privileged: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};
