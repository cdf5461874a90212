import type { Condition, KubeObject } from '../api/objects.ts';
import type { ContainerStatus, PodObject } from '../api/pod-spec.ts';

/** Reasons why an object is not what it is to become; undefined when it is. */
export type Why<T> = (object: T) => string | undefined;

export const whyPodNotReady: Why<PodObject> = ({ metadata, status }) => {
  if (holds(status.conditions, 'Ready')) return undefined;
  const containers = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])];
  const states = containers.filter(({ ready }) => !ready).map(containerState);
  const closed = status.conditions?.find(({ type, status: is }) => type === 'Ready' && is !== 'True')?.reason;
  return `pod ${metadata.name} is not ready (${[status.phase, closed, ...states].filter(Boolean).join('; ')})`;
};

type Workload = KubeObject & {
  spec: { replicas?: number };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    readyReplicas?: number;
    currentRevision?: string;
    updateRevision?: string;
  };
};

/** Of a Deployment or StatefulSet: all replicas are of the newest template and ready, no older one is left. */
export const whyNotRolledOut: Why<Workload> = ({ metadata, spec, status = {} }) => {
  const wanted = spec.replicas ?? 1;
  if (status.observedGeneration !== metadata.generation) return `${metadata.name} is not observed yet`;
  const { replicas = 0, updatedReplicas = 0, readyReplicas = 0, currentRevision, updateRevision } = status;
  // A StatefulSet that is through forgets how many were updated.
  const updated = currentRevision !== undefined && currentRevision === updateRevision ? replicas : updatedReplicas;
  if (replicas === wanted && updated === wanted && readyReplicas === wanted) return undefined;
  return `${metadata.name}: of ${wanted} replicas ${replicas} are there, ${updated} new, ${readyReplicas} ready`;
};

type JobObject = KubeObject & { status?: { conditions?: Condition[] } };

export const whyJobNotComplete: Why<JobObject> = ({ metadata, status = {} }) => {
  if (holds(status.conditions, 'Complete')) return undefined;
  const failed = status.conditions?.find(({ type, status: is }) => type === 'Failed' && is === 'True');
  return `job ${metadata.name} is not complete${failed === undefined ? '' : `: ${failed.reason}: ${failed.message}`}`;
};

type ClaimObject = KubeObject & { status?: { phase?: string } };

const whyClaimNotBound: Why<ClaimObject> = ({ metadata, status }) =>
  status?.phase === 'Bound' ? undefined : `claim ${metadata.name} is ${status?.phase ?? 'new'}`;

/** What being ready means, by kind. */
export const whyNotReady: Readonly<Record<string, Why<never>>> = {
  Pod: whyPodNotReady,
  Deployment: whyNotRolledOut,
  StatefulSet: whyNotRolledOut,
  Job: whyJobNotComplete,
  PersistentVolumeClaim: whyClaimNotBound,
};

export function holds(conditions: readonly Condition[] | undefined, wanted: string): boolean {
  return conditions?.some(({ type, status }) => type === wanted && status === 'True') ?? false;
}

function containerState({ name, state, restartCount }: ContainerStatus): string {
  const { waiting, terminated } = state;
  const what = waiting
    ? `${waiting.reason} ${waiting.message ?? ''}`
    : terminated
      ? `ended with ${terminated.exitCode} ${terminated.message ?? ''}`
      : 'runs and is not ready';
  return `${name}: ${what.trim()}${restartCount > 0 ? `, ${restartCount} restarts` : ''}`;
}
