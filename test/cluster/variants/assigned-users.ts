import type { PodObject } from '../api/pod-spec.ts';
import type { Cluster, Manifest } from '../client/cluster.ts';
import { pod, shell } from '../proofs/manifests.ts';
import { patiently } from '../proofs/patiently.ts';

/** The first of the thousand that OpenShift gives to a namespace. Groups have the same number; the first one is 0. */
export const assignedUser = 1_000_680_000;

const apiVersion = 'admissionregistration.k8s.io/v1';
const name = 'assigned-users';
const pods = { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }] };

const assigned = (list: string) => `object.spec.${list}.map(it, Object.spec.${list}{
  name: it.name,
  securityContext: Object.spec.${list}.securityContext{runAsUser: ${assignedUser}}
})`;
const assignment = `Object{spec: Object.spec{
  securityContext: Object.spec.securityContext{fsGroup: ${assignedUser}},
  containers: ${assigned('containers')},
  initContainers: has(object.spec.initContainers) ? ${assigned('initContainers')} : []
}}`;

const isFree = (field: string) => {
  const its = `object.spec.securityContext`;
  return `!has(${its}) || !has(${its}.${field}) || ${its}.${field} == ${assignedUser}`;
};

/**
 * A namespace as OpenShift's `restricted-v2` has it: pods that name another user or group of files than the namespace's
 * are refused, all others are given these.
 */
export async function assignUsers(cluster: Cluster): Promise<void> {
  const here = { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': cluster.namespace } } };
  const metadata = { name };
  const all: Manifest[] = [
    {
      ...{ apiVersion, kind: 'MutatingAdmissionPolicy', metadata },
      spec: {
        ...{ matchConstraints: pods, failurePolicy: 'Fail', reinvocationPolicy: 'Never' },
        matchConditions: [{ name: 'names-none', expression: `(${isFree('runAsUser')}) && (${isFree('fsGroup')})` }],
        mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: assignment } }],
      },
    },
    {
      ...{ apiVersion, kind: 'ValidatingAdmissionPolicy', metadata },
      spec: {
        ...{ matchConstraints: pods, failurePolicy: 'Fail' },
        validations: ['runAsUser', 'fsGroup'].map((field) => ({
          expression: isFree(field),
          message: `${field} is not one of the namespace's`,
        })),
      },
    },
    {
      ...{ apiVersion, kind: 'MutatingAdmissionPolicyBinding', metadata },
      spec: { policyName: name, matchResources: here },
    },
    {
      ...{ apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata },
      spec: { policyName: name, matchResources: here, validationActions: ['Deny'] },
    },
  ];
  for (const object of all) await cluster.create(object);
  // The API server reads them a moment later.
  await patiently(async () => {
    const tried = await cluster.apply<PodObject>(pod('tried', { ...plain, containers: [shell(locked)] }), {
      dryRun: true,
    });
    const user = tried.spec.containers[0]?.securityContext?.runAsUser;
    return user === assignedUser ? undefined : `it is given ${user}`;
  });
}

/** What Pod Security asks for. */
const plain = { securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } } };
const locked = { securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } };
